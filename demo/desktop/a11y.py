"""Says what is drawn on the screen, read from the accessibility bus: kubecreds.demo.Seen.Seen() on the session bus.

The answer has one line for each thing with a name: "ROLE<TAB>X Y W H<TAB>STATES<TAB>NAME", in screen coordinates.
A GTK popup menu is in no accessibility tree; it is learnt from the event that says it is shown.
"""
import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, Gio, GLib  # noqa: E402

INTERFACE = "<node><interface name='kubecreds.demo.Seen'><method name='Seen'><arg type='s' direction='out'/></method></interface></node>"
STATES = (
    ("enabled", Atspi.StateType.SENSITIVE),
    ("checked", Atspi.StateType.CHECKED),
    ("focused", Atspi.StateType.FOCUSED),
    ("selected", Atspi.StateType.SELECTED),
)
NAMELESS = ("menu", "password text", "text")  # listed even without a name

menus = []  # the popup menus that are open, the oldest first


def on_showing(event, *_):
    menu = event.source
    try:
        if menu.get_role_name() != "menu" or menu.get_name():
            return
    except GLib.Error:
        return
    if menu in menus:
        menus.remove(menu)
    if event.detail1:
        menus.append(menu)


def walk(node, depth, out):
    """Adds node and what is below it to out. Depth 0 is an application, 1 a window."""
    try:
        node.clear_cache()
        states, name, role = node.get_state_set(), node.get_name() or "", node.get_role_name()
        if depth > 1 and not states.contains(Atspi.StateType.SHOWING):
            return
        if depth > 0 and (name or role in NAMELESS):
            box = Atspi.Component.get_extents(node, Atspi.CoordType.SCREEN)
            if box.width > 1 and box.x > -1000:
                if not name and role == "text":
                    name = Atspi.Text.get_text(node, 0, -1)
                held = ",".join(word for word, state in STATES if states.contains(state))
                out.append(f"{role}\t{box.x} {box.y} {box.width} {box.height}\t{held}\t{name}")
        for i in range(node.get_child_count()):
            child = node.get_child_at_index(i)
            if child is not None:
                walk(child, depth + 1, out)
    except GLib.Error:
        pass  # it closed while we looked


def seen():
    out = []
    desktop = Atspi.get_desktop(0)
    for i in range(desktop.get_child_count()):
        application = desktop.get_child_at_index(i)
        if application is not None:
            walk(application, 0, out)
    for menu in list(menus):
        walk(menu, 2, out)
    return "\n".join(out)


def on_call(_connection, _sender, _path, _interface, _method, _arguments, invocation):
    invocation.return_value(GLib.Variant("(s)", (seen(),)))


Atspi.init()
Atspi.set_timeout(1000, 3000)
listener = Atspi.EventListener.new(on_showing)
listener.register("object:state-changed:showing")
bus = Gio.bus_get_sync(Gio.BusType.SESSION)
bus.register_object("/", Gio.DBusNodeInfo.new_for_xml(INTERFACE).interfaces[0], on_call, None, None)
Gio.bus_own_name_on_connection(bus, "kubecreds.demo.Seen", Gio.BusNameOwnerFlags.NONE, None, None)
Atspi.event_main()
