package open

import (
	"errors"
	"testing"
)

func TestOnlyHTTPSAndThisMachineAreOpened(t *testing.T) {
	for _, c := range []struct{ address, want string }{
		{"https://login.example.com/device?user_code=WDJB-MJHT", "https://login.example.com/device?user_code=WDJB-MJHT"},
		{"HTTPS://login.example.com:8443/a/b#c", "https://login.example.com:8443/a/b#c"},
		{"http://127.0.0.1:38443/x", "http://127.0.0.1:38443/x"},
		{"http://[::1]:38443/x", "http://[::1]:38443/x"},
		{`https://h/a b"c\d?x="y z'&'` + "`id`|<ä>", `https://h/a%20b%22c%5Cd?x=%22y%20z'&'%60id%60%7C%3C%C3%A4%3E`},
		{"https://h/100%25?a=%20", "https://h/100%25?a=%20"},
		{"http://login.example.com/", ""}, {"http://localhost:8000/", ""}, {"http://127.0.0.1.evil.example/", ""}, {"http://127.0.0.2/", ""},
		{"file:///etc/passwd", ""}, {"javascript:alert(1)", ""}, {"ftp://127.0.0.1/", ""}, {"ms-settings:", ""}, {`\\server\share`, ""},
		{"//login.example.com/", ""}, {"login.example.com", ""}, {"/usr/bin/id", ""}, {"--version", ""}, {"-h", ""}, {"", ""}, {" https://h/", ""},
		{"https:login.example.com", ""}, {"https:///path", ""}, {"https://:443/", ""}, {"https://login.example.com@evil.example/", ""},
		{"https://h/\nx", ""}, {"https://h/\x00", ""}, {"https://[::1", ""}, {"https://h/%zz", ""},
	} {
		got, err := Address(c.address)
		if got != c.want || (err == nil) != (c.want != "") || err != nil && !errors.Is(err, ErrAddress) {
			t.Errorf("%q: %q, %v; want %q", c.address, got, err, c.want)
		}
	}
}

func TestBatchFilesAreKnownByTheirNames(t *testing.T) {
	for path, want := range map[string]bool{
		`C:\b.bat`: true, `C:\b.CMD`: true, `C:\b.bat. .`: true, `C:\chrome.exe`: false, "/usr/bin/firefox": false, "": false,
	} {
		if got := isBatch(path); got != want {
			t.Errorf("%q: %v", path, got)
		}
	}
}
