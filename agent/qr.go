package agent

import (
	"runtime"
	"strings"

	"rsc.io/qr"
)

const (
	// quietZone is the empty margin around a QR code, in modules: ISO/IEC 18004 wants four.
	quietZone = 4
	// qrWidest is how wide a QR code may be, in columns. It is half as many lines high; a higher one scrolls its head away.
	qrWidest = 72
)

// qrCode draws text as a QR code in half blocks, two modules a character, for a terminal of width columns. It is "" where
// there is no room.
func qrCode(text string, width int) string {
	code, err := qr.Encode(text, qr.L) // a screen has no stains: the least redundancy makes the smallest code
	if err != nil || code.Size+2*quietZone > min(width, qrWidest) {
		return ""
	}
	begin, end := "\x1b[97;40m", "\x1b[0m\n" // white on black, whatever the terminal's own colours are: readers want dark on light
	if runtime.GOOS == "windows" {
		begin, end = "", "\n" // older consoles show the sequences themselves, and are dark
	}
	// The foreground is the light colour.
	light := func(x, y int) bool { return !code.Black(x, y) }
	var b strings.Builder
	for y := -quietZone; y < code.Size+quietZone; y += 2 {
		b.WriteString(begin)
		for x := -quietZone; x < code.Size+quietZone; x++ {
			b.WriteRune(halfBlock(light(x, y), light(x, y+1) && y+1 < code.Size+quietZone))
		}
		b.WriteString(end)
	}
	return b.String()
}

// halfBlock is the character whose upper and lower half are filled or not.
func halfBlock(upper, lower bool) rune {
	switch {
	case upper && lower:
		return '█'
	case upper:
		return '▀'
	case lower:
		return '▄'
	}
	return ' '
}
