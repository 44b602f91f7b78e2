// Package shots makes pictures of parts of the virtual desktop's screen, for the demo's journey and the documents.
package shots

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/kubecreds/kubecreds/demo/drive"
)

// The screen, as with-desktop makes it, or lower: the panel on top, 33 pixels with its edge, the icon at its right end, the rest
// black. What is cut out of a lower one is as low.
const width, height, panel = 1280, 1000, 33

// A Part of the screen: the operations of ImageMagick that make its picture out of the whole screen's.
type Part []string

// Tray is the icon, four times as large.
func Tray() Part {
	return strings.Fields("-crop 34x32+1246+0 +repage -filter point -resize 400%")
}

// Windows are dialogs and notifications: all that is not black below the panel.
func Windows() Part {
	below := fmt.Sprintf("-crop %dx%d+0+%d +repage", width, height-panel, panel)
	return append(strings.Fields(below+" -bordercolor black -border 1 -trim +repage -border 12"), backdrop("0,0")...)
}

// Menus are the open menus, with the panel's end above them.
func Menus(ctx context.Context) (Part, error) {
	popups, err := drive.Desk(ctx, "popups")
	if err != nil {
		return nil, err
	}
	left, bottom := width, panel
	for line := range strings.Lines(popups) {
		var window, x, y, w, h int
		if _, err := fmt.Sscan(line, &window, &x, &y, &w, &h); err != nil {
			return nil, fmt.Errorf("desk popups: %q: %w", line, err)
		}
		left, bottom = min(left, x), max(bottom, y+h)
	}
	left, bottom = max(left-12, 0), min(bottom+12, height)
	area := fmt.Sprintf("-crop %dx%d+%d+0 +repage", width-left, bottom, left)
	return append(strings.Fields(area), backdrop(fmt.Sprintf("0,%d", bottom-1))...), nil
}

// backdrop gives the black around things a colour, from a point of it on.
func backdrop(at string) Part {
	return Part{"-fill", "#5b6b7f", "-draw", "color " + at + " floodfill"}
}

// Take keeps a picture of a part of the screen in $DESK_SHOTS, under the next number and name, and returns its file.
func Take(ctx context.Context, name string, of Part) (file string, err error) {
	time.Sleep(300 * time.Millisecond) // what was announced is drawn a moment later, and only the picture depends on it
	file, err = drive.Desk(ctx, "shot", name)
	if err != nil {
		return "", err
	}
	return file, Magick(ctx, "convert", slices.Concat([]string{file}, of, []string{file})...)
}

// Icon is a fingerprint of how the icon looks now.
func Icon(ctx context.Context) (string, error) {
	if err := Aside(ctx); err != nil {
		return "", err
	}
	pixels, err := exec.CommandContext(ctx, "import", "-silent", "-window", "root", "-crop", "32x32+1248+0", "rgb:-").Output()
	if err != nil {
		return "", fmt.Errorf("a picture of the icon: %w", err)
	}
	return fmt.Sprintf("%x", sha256.Sum256(pixels)), nil
}

// Aside moves the pointer to where it changes no picture: the panel lights up what is under it.
func Aside(ctx context.Context) error {
	if out, err := exec.CommandContext(ctx, "xdotool", "mousemove", "4", "796").CombinedOutput(); err != nil {
		return fmt.Errorf("moving the pointer: %w %s", err, out)
	}
	return nil
}

// Point opens the menu with the mouse and goes to the row that holds text, and to the row below of its submenu if one is named.
// A row that names a time may change meanwhile: then it is looked for again.
func Point(ctx context.Context, text string, below ...string) (err error) {
	for range 3 {
		var row string
		if row, err = Row(ctx, text); err != nil {
			return err
		}
		if _, err = drive.Desk(ctx, append([]string{"point", row}, below...)...); err == nil {
			return nil
		}
	}
	return err
}

// Row is the whole text of the menu's first row that holds text.
func Row(ctx context.Context, text string) (string, error) {
	for line := range strings.Lines(drive.Menu(ctx)) {
		if strings.Contains(line, text) {
			return strings.TrimSpace(line), nil
		}
	}
	return "", fmt.Errorf("the menu has no row %q", text)
}

// CloseMenu closes the menu and as many of its submenus.
func CloseMenu(ctx context.Context, patience time.Duration, submenus int) error {
	for range 1 + submenus {
		if err := drive.Key(ctx, "Escape"); err != nil {
			return err
		}
	}
	return drive.Until(ctx, patience, "the menu to close", func() bool {
		open, err := drive.Desk(ctx, "popups")
		return err == nil && open == ""
	})
}

// Sheet makes a contact sheet of files, so many a row, none larger than WIDTHxHEIGHT, with their names where there is a font to
// write them in.
func Sheet(ctx context.Context, sheet string, columns int, size string, files []string) error {
	args := strings.Fields(fmt.Sprintf("-tile %dx -geometry %s>+10+10 -background #eef1f5", columns, size))
	if font, err := exec.CommandContext(ctx, "fc-match", "--format=%{file}", "sans").Output(); err == nil {
		args = append(args, "-font", string(font), "-pointsize", "14", "-label", "%t")
	}
	return Magick(ctx, "montage", append(append(args, files...), sheet)...)
}

// Magick runs a program of ImageMagick.
func Magick(ctx context.Context, program string, args ...string) error {
	if out, err := exec.CommandContext(ctx, program, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", program, err, out)
	}
	return nil
}
