"""Unlocks the default collection of gnome-keyring with the password on standard input, without a prompt.

The method is gnome-keyring's own (its PAM module and tests use it); the password goes through a Secret Service session,
which belongs to the connection that opened it, so that gdbus cannot do this.
"""
import sys

from gi.repository import Gio, GLib

SERVICE, PATH = "org.freedesktop.secrets", "/org/freedesktop/secrets"
bus = Gio.bus_get_sync(Gio.BusType.SESSION)


def call(method, arguments):
    interface, name = method.rsplit(".", 1)
    return bus.call_sync(SERVICE, PATH, interface, name, arguments, None, Gio.DBusCallFlags.NONE, 5000).unpack()


_, session = call("org.freedesktop.Secret.Service.OpenSession", GLib.Variant("(sv)", ("plain", GLib.Variant("s", ""))))
(collection,) = call("org.freedesktop.Secret.Service.ReadAlias", GLib.Variant("(s)", ("default",)))
secret = (session, b"", sys.stdin.buffer.read(), "text/plain")
call(
    "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface.UnlockWithMasterPassword",
    GLib.Variant("(o(oayays))", (collection, secret)),
)
