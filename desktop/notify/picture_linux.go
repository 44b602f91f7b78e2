package notify

import (
	"bytes"
	"image"
	"image/draw"
	"image/png"

	"github.com/godbus/dbus/v5"

	"github.com/kubecreds/kubecreds/assets"
	"github.com/kubecreds/kubecreds/tray/menu"
)

// raw is a picture as notifications carry it: the specification's image-data, (iiibiiay).
type raw struct {
	Width, Height, Stride int32
	Alpha                 bool
	BitsPerSample         int32
	Channels              int32
	Pixels                []byte // RGBA, not multiplied by alpha
}

// picture is the drawing of icon. A program that is not installed has no icon of its name in the desktop's theme, and would be
// shown as a sheet of paper.
func picture(icon menu.Icon) (dbus.Variant, bool) {
	decoded, err := png.Decode(bytes.NewReader(assets.Icon(string(icon), "any")))
	if err != nil {
		return dbus.Variant{}, false
	}
	b := decoded.Bounds()
	rgba := image.NewNRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	draw.Draw(rgba, rgba.Bounds(), decoded, b.Min, draw.Src)
	return dbus.MakeVariant(raw{int32(b.Dx()), int32(b.Dy()), int32(rgba.Stride), true, 8, 4, rgba.Pix}), true
}
