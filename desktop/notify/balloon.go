package notify

import "unicode/utf16"

// fill puts s into dst, a field of Windows' structures that ends with a zero: as much of it as fits, whole characters only.
func fill(dst []uint16, s string) {
	clear(dst)
	n := 0
	for _, r := range s { // U+FFFD for what is no UTF-8
		units := utf16.AppendRune(nil, r)
		if n+len(units) >= len(dst) {
			return
		}
		n += copy(dst[n:], units)
	}
}

// A standing is the one notification that a system which keeps no numbers has on the screen: only that one can be withdrawn.
type standing struct{ tag string }

// shows notes that the notification with this tag took the place of the last one.
func (s *standing) shows(tag string) { s.tag = tag }

// withdraws reports whether the notification with this tag is the one on the screen, and notes that it is gone.
func (s *standing) withdraws(tag string) bool {
	if s.tag != tag || tag == "" {
		return false
	}
	s.tag = ""
	return true
}
