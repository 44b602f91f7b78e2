package assets

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// drawings are the names of the sources that begin so.
func drawings(t *testing.T, rows bool) []string {
	t.Helper()
	found, err := filepath.Glob("svg/*.svg")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range found {
		if name := strings.TrimSuffix(filepath.Base(f), ".svg"); strings.HasPrefix(name, "row-") == rows {
			names = append(names, name)
		}
	}
	if len(names) != 5 {
		t.Fatalf("%d drawings: %v", len(names), names)
	}
	return names
}

func picture(t *testing.T, data []byte) image.Image {
	t.Helper()
	p, err := png.Decode(bytes.NewReader(data))
	if err != nil || p.Bounds().Dx() != p.Bounds().Dy() {
		t.Fatal("no square picture: ", err)
	}
	return p
}

func file(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestEveryDrawingIsRenderedForEveryPanel(t *testing.T) {
	for _, name := range drawings(t, false) {
		for _, panel := range []string{"any", "dark", "light", "template"} {
			if got := picture(t, file(t, "png/"+panel+"/"+name+".png")).Bounds().Dx(); got != 48 {
				t.Errorf("%s for %s: %d pixels, want 48", name, panel, got)
			}
		}
	}
	for _, name := range drawings(t, true) {
		if got := picture(t, file(t, "png/"+name+".png")).Bounds().Dx(); got != 16 {
			t.Errorf("%s: %d pixels, want 16", name, got)
		}
	}
}

// An .ico file is a header of 6 bytes, an entry of 16 bytes a picture, and the pictures.
func TestEveryTrayIconIsAnICOFileOfFiveSizes(t *testing.T) {
	for _, name := range drawings(t, false) {
		for _, panel := range []string{"any", "dark", "light"} {
			data := file(t, "ico/"+panel+"/"+name+".ico")
			if !bytes.Equal(data[:6], []byte{0, 0, 1, 0, 5, 0}) {
				t.Errorf("%s: header %v", name, data[:6])
			}
			for i, want := range []int{16, 20, 24, 32, 48} {
				e := data[6+16*i:][:16]
				length, offset := binary.LittleEndian.Uint32(e[8:]), binary.LittleEndian.Uint32(e[12:])
				if got := picture(t, data[offset:][:length]).Bounds().Dx(); got != want || int(e[0]) != want || int(e[1]) != want {
					t.Errorf("%s: picture %d has %d pixels and says %d by %d, want %d", name, i, got, e[0], e[1], want)
				}
			}
		}
	}
}

// Who does not see colours sees the states by what is covered: at the 16 pixels of an .ico file's first picture, any two
// drawings differ in a twentieth of them at least.
func TestStatesAreToldApartByShape(t *testing.T) {
	covered := map[string][]bool{}
	for _, name := range drawings(t, false) {
		data := file(t, "ico/dark/"+name+".ico")
		length, offset := binary.LittleEndian.Uint32(data[14:]), binary.LittleEndian.Uint32(data[18:])
		p := picture(t, data[offset:][:length])
		for y := range 16 {
			for x := range 16 {
				_, _, _, alpha := p.At(x, y).RGBA()
				covered[name] = append(covered[name], alpha > 0x8000)
			}
		}
	}
	for a, shape := range covered {
		for b, other := range covered {
			differ := 0
			for i := range shape {
				if shape[i] != other[i] {
					differ++
				}
			}
			if a != b && differ < 16*16/20 {
				t.Errorf("%s and %s differ in %d pixels only", a, b, differ)
			}
		}
	}
}

// Icons stand out from the panel they are for: the key, which is most of each, by 4.5 to 1 (WCAG 2.2, 1.4.11 asks for 3 to 1).
func TestTheKeyStandsOutFromItsPanel(t *testing.T) {
	for panel, background := range map[string]float64{"dark": luminance(0x2b, 0x2f, 0x36), "light": luminance(0xec, 0xef, 0xf3)} {
		p := picture(t, file(t, "png/"+panel+"/ready.png"))
		r, g, b, _ := p.At(2, 15).RGBA() // the left edge of the key's bow
		ink := luminance(r>>8, g>>8, b>>8)
		if contrast := (max(ink, background) + 0.05) / (min(ink, background) + 0.05); contrast < 4.5 {
			t.Errorf("on %s panels the contrast is %.1f to 1", panel, contrast)
		}
	}
}

// luminance is about WCAG's relative luminance, with a plain square for sRGB's curve.
func luminance(r, g, b uint32) float64 {
	linear := func(c uint32) float64 { return float64(c*c) / (255 * 255) }
	return 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
}

func TestAnUnknownDrawingIsNil(t *testing.T) {
	if Icon("no such", "any") != nil || Icon("ready", "no such") != nil && iconPath("ready", "no such") != iconPath("ready", "any") || Row("no such") != nil {
		t.Error("got a picture")
	}
}
