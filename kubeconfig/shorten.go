package kubeconfig

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"sort"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// A cut says where shorten left bytes out: the offset end in the short text belongs to end+removed in the full one.
type cut struct{ end, removed int }

const (
	pemStart = "LS0tLS1CRUdJTi" // base64 of "-----BEGIN"
	keepHead = 16               // characters kept at the beginning of a shortened value
	keepTail = 8                // and at its end, so that the padding stays right
	standIn  = 16               // characters of the digest that stand for the rest
)

// shorten replaces the middle of long inline certificates and keys by a digest, so that YAML, which is read byte by byte
// and three times, costs what the entries cost and not what their certificates do: nine tenths of a large file are
// base64. A value is shortened only where that changes nothing but the value: base64 of PEM, straight after a key's colon
// (and a quote), alone to the end of its line (but for the quote and a comma). What is left is base64 of a valid length
// and as different from others as it was before.
func shorten(full []byte) (short []byte, cuts []cut) {
	done, removed := 0, 0
	for at := 0; ; {
		i := bytes.Index(full[at:], []byte(pemStart))
		if i < 0 {
			break
		}
		start := at + i
		end := start + base64Len(full[start:])
		at = end
		from, to, ok := middle(start, end)
		if !ok || !afterColon(full[:start]) || !endsLine(full[end:]) {
			continue
		}
		short = append(short, full[done:from]...)
		short = appendStandIn(short, full[from:to])
		removed += to - from - standIn
		cuts = append(cuts, cut{len(short), removed})
		done = to
	}
	if cuts == nil {
		return full, nil
	}
	return append(short, full[done:]...), cuts
}

// middle returns the part of the base64 from start to end that a stand-in replaces, and false if that is not worth it.
func middle(start, end int) (from, to int, ok bool) {
	from, to = start+keepHead, end-keepTail
	return from, to - (to-from)%4, to-from > 4*standIn
}

func appendStandIn(to, middle []byte) []byte {
	sum := sha256.Sum256(middle)
	return hex.AppendEncode(to, sum[:standIn/2])
}

// load parses a kubeconfig as client-go does, with stand-ins for all long certificates and keys: those that shorten has left
// because of the way they are written too, so that the same entry is equal in whatever way it is written.
func load(short []byte) (*api.Config, error) {
	c, err := clientcmd.Load(short)
	if err != nil {
		return nil, err
	}
	for _, e := range c.Clusters {
		e.CertificateAuthorityData = standInFor(e.CertificateAuthorityData)
	}
	for _, e := range c.AuthInfos {
		e.ClientCertificateData = standInFor(e.ClientCertificateData)
		e.ClientKeyData = standInFor(e.ClientKeyData)
	}
	return c, nil
}

// standInFor returns what client-go makes of data after it was shortened.
func standInFor(data []byte) []byte {
	if !bytes.HasPrefix(data, []byte("-----BEGIN")) {
		return data
	}
	full := base64.StdEncoding.AppendEncode(nil, data)
	from, to, ok := middle(0, base64Len(full))
	if !ok {
		return data
	}
	short := append(appendStandIn(full[:from:from], full[from:to]), full[to:]...)
	decoded, err := base64.StdEncoding.AppendDecode(nil, short)
	if err != nil {
		return data
	}
	return decoded
}

// base64Len returns how many bytes at the beginning of b are base64 without padding.
func base64Len(b []byte) int {
	for i, c := range b {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '+', c == '/':
		default:
			return i
		}
	}
	return len(b)
}

// afterColon reports whether b ends with a colon, a space, and perhaps a quote.
func afterColon(b []byte) bool {
	b = bytes.TrimSuffix(b, []byte(`"`))
	return bytes.HasSuffix(b, []byte(": "))
}

// endsLine reports whether b begins with a line's end, before it at most padding, a quote and a comma.
func endsLine(b []byte) bool {
	for _, optional := range []string{"=", "=", `"`, ",", "\r"} {
		b = bytes.TrimPrefix(b, []byte(optional))
	}
	return len(b) == 0 || b[0] == '\n'
}

// fullOffset returns the place in the full text of an offset in the short one. No edit begins or ends inside a stand-in.
func fullOffset(cuts []cut, offset int) int {
	i := sort.Search(len(cuts), func(i int) bool { return cuts[i].end > offset })
	if i == 0 {
		return offset
	}
	return offset + cuts[i-1].removed
}
