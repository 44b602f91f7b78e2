package notify

import (
	"testing"

	"github.com/kubecreds/kubecreds/tray/menu"
)

func TestANotificationHasItsPictureAsThePixelsTheSpecificationWants(t *testing.T) {
	v, ok := picture(menu.IconAttention)
	if !ok {
		t.Fatal("no picture")
	}
	p := v.Value().(raw)
	if p.Width < 32 || p.Height < 32 || int32(len(p.Pixels)) != p.Stride*p.Height || v.Signature().String() != "(iiibiiay)" {
		t.Errorf("%dx%d, stride %d, %d bytes, signature %s", p.Width, p.Height, p.Stride, len(p.Pixels), v.Signature())
	}
	drawn := 0
	for i := 3; i < len(p.Pixels); i += 4 {
		if p.Pixels[i] > 0 {
			drawn++
		}
	}
	if drawn == 0 {
		t.Error("nothing is drawn")
	}
}
