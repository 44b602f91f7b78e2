package secret

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

func TestASecretIsNeverPrinted(t *testing.T) {
	type holder struct {
		Named  Text
		hidden Text
		List   []Text
		Ptr    *Text
	}
	s := New("hunter2")
	h := holder{s, s, []Text{s}, &s}
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%b", "%t", "%10.3s", "%p"} {
		fmt.Fprintf(&out, verb+"\n", s)
		fmt.Fprintf(&out, verb+"\n", h)
		fmt.Fprintf(&out, verb+"\n", []any{s, &s, map[string]Text{"k": s}})
	}
	fmt.Fprintln(&out, s, &s, h)
	fmt.Fprintln(&out, fmt.Errorf("login: %w", errors.New(fmt.Sprint(s))))
	j, err := json.Marshal(map[string]any{"s": s, "h": h})
	if err != nil {
		t.Fatal(err)
	}
	y, err := yaml.Marshal(map[string]any{"s": s, "l": []Text{s}})
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "s", s, "h", h)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "s", s, "h", h, slog.Group("g", "s", s))
	all := out.String() + string(j) + string(y) + log.String()
	for _, leak := range []string{"hunter2", fmt.Sprintf("%x", "hunter2"), fmt.Sprintf("%X", "hunter2"), "104 117 110"} {
		if strings.Contains(all, leak) {
			t.Errorf("the secret got out as %q:\n%s", leak, all)
		}
	}
	if !strings.Contains(all, redacted) {
		t.Error("nothing says [redacted]")
	}
	if s.Reveal() != "hunter2" || s.Empty() || !(Text{}).Empty() || !New("").Empty() {
		t.Error("Reveal and Empty must tell the truth")
	}
	if !s.Equal(New("hunter2")) || s.Equal(New("hunter3")) || s.Equal(Text{}) || !New("").Equal(Text{}) {
		t.Error("Equal compares the strings")
	}
}
