package keychain

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kubecreds/kubecreds/auth/secret"
)

// How a record lies in the keychain. The item at its key is the manifest. A record that fits stands in the manifest
// itself: one item, one write. A longer one is cut into chunks, and the manifest says how many there are and what they
// add up to. Chunks of an even generation have other keys than those of an odd one, and the manifest is written last: until
// then the old manifest and the old chunks are untouched. Chunks are written from the first up and deleted from the last
// down, so that what an interrupted Save leaves is always a run from 0 and is found again.
const (
	// itemSize is the most an item of ours holds. Windows takes 2,560 bytes; macOS a command line of 4,096 with the key
	// and the value in base64.
	itemSize = 1900
	// maxChunks bounds what Save takes and what a damaged manifest can make Load read: 486,400 bytes.
	maxChunks = 256
)

// formatVersion is what manifests of this format say. A program that finds another number cannot read the record.
const formatVersion = 1

// errNotKept: what was read back differs from what was written.
var errNotKept = errors.New("the keychain did not keep what was written to it")

// manifest is the item at a record's key.
type manifest struct {
	Version    int             `json:"v"`
	Generation uint64          `json:"generation"`
	Record     json.RawMessage `json:"record,omitempty"` // the record, where it fits
	Chunks     int             `json:"chunks,omitempty"` // else how many chunks of this generation make it up
	SHA256     string          `json:"sha256,omitempty"` // of the chunks together
}

// stored is Record as it is written.
type stored struct {
	Refresh       string    `json:"refresh"`
	Issuer        string    `json:"issuer"`
	TokenEndpoint string    `json:"tokenEndpoint"`
	ClientID      string    `json:"clientID"`
	Subject       string    `json:"subject"`
	Person        string    `json:"person,omitempty"`
	Since         time.Time `json:"since,omitzero"`
	Ends          time.Time `json:"ends,omitzero"`
}

// encode returns r as JSON. It refuses a refresh token that JSON would change.
func encode(r Record) (string, error) {
	refresh := r.Refresh.Reveal()
	if !utf8.ValidString(refresh) {
		return "", errors.New("the refresh token is not text, so it cannot be kept")
	}
	b, err := json.Marshal(stored{
		Refresh: refresh, Issuer: r.Issuer, TokenEndpoint: r.TokenEndpoint, ClientID: r.ClientID,
		Subject: r.Subject, Person: r.Person, Since: r.Since.UTC(), Ends: r.Ends.UTC(),
	})
	if err != nil {
		return "", errors.New("the record has a time that cannot be written")
	}
	return string(b), nil
}

// decode is the inverse of encode. Times come back in UTC.
func decode(body string) (Record, error) {
	var s stored
	if err := json.Unmarshal([]byte(body), &s); err != nil {
		return Record{}, damaged("it cannot be read")
	}
	return Record{
		Refresh: secret.New(s.Refresh), Issuer: s.Issuer, TokenEndpoint: s.TokenEndpoint, ClientID: s.ClientID,
		Subject: s.Subject, Person: s.Person, Since: s.Since, Ends: s.Ends,
	}, nil
}

// storedClient is Client as it is written.
type storedClient struct {
	Secret        string `json:"clientSecret"`
	Issuer        string `json:"issuer"`
	TokenEndpoint string `json:"tokenEndpoint"`
	ClientID      string `json:"clientID"`
}

// encodeClient returns c as JSON. It refuses a secret that JSON would change.
func encodeClient(c Client) (string, error) {
	s := storedClient{c.Secret.Reveal(), c.Issuer, c.TokenEndpoint, c.ClientID}
	if !utf8.ValidString(s.Secret) {
		return "", errors.New("the client secret is not text, so it cannot be kept")
	}
	b, err := json.Marshal(s)
	return string(b), err
}

// decodeClient is the inverse of encodeClient.
func decodeClient(body string) (Client, error) {
	var s storedClient
	if err := json.Unmarshal([]byte(body), &s); err != nil || s.Secret == "" {
		return Client{}, damaged("it cannot be read")
	}
	return Client{secret.New(s.Secret), s.Issuer, s.TokenEndpoint, s.ClientID}, nil
}

// damaged is ErrNone with the reason why what is there cannot be used.
func damaged(why string) error {
	return fmt.Errorf("%w that can be used (%s); log in again", ErrNone, why)
}

// key is the name of a record's manifest: prefix and account, as a person would look for it. '#' and '~' cannot stand in
// an account's name, so no two records share a key.
func key(prefix, account string, slot Slot) string {
	name := prefix + short(account)
	switch slot {
	case Pending:
		name += "#pending"
	case client:
		name += "#client"
	}
	return name
}

// short returns account, or, where that is too long for a key or holds what an account's name cannot hold, its beginning
// and a hash of it.
func short(account string) string {
	const longest, kept = 120, 80
	strange := func(r rune) bool { return r < ' ' || r > '~' || r == '#' || r == '~' }
	if len(account) <= longest && strings.IndexFunc(account, strange) < 0 {
		return account
	}
	begin := strings.Map(func(r rune) rune {
		if strange(r) {
			return '_'
		}
		return r
	}, account)
	return begin[:min(len(begin), kept)] + "~" + digest(account)[:32]
}

// chunkKey is the name of chunk i of the record at base.
func chunkKey(base string, generation uint64, i int) string {
	return base + "#" + [...]string{"a", "b"}[generation%2] + strconv.Itoa(i)
}

// pack returns the manifest and the chunks that hold body.
func pack(generation uint64, body string) (head secret.Text, chunks []string, err error) {
	m := manifest{Version: formatVersion, Generation: generation, Record: json.RawMessage(body)}
	text, err := json.Marshal(m)
	if err != nil || len(text) <= itemSize {
		return secret.New(string(text)), nil, err
	}
	chunks = split(body, itemSize)
	if len(chunks) > maxChunks {
		return secret.Text{}, nil, fmt.Errorf("the refresh token is too long to be kept (%d bytes)", len(body))
	}
	m.Record, m.Chunks, m.SHA256 = nil, len(chunks), digest(body)
	text, err = json.Marshal(m)
	return secret.New(string(text)), chunks, err
}

// split cuts s into pieces of at most size bytes, never inside a character: keychains are told that they hold text.
func split(s string, size int) (pieces []string) {
	for len(s) > size {
		cut := size
		for !utf8.RuneStart(s[cut]) {
			cut--
		}
		pieces, s = append(pieces, s[:cut]), s[cut:]
	}
	return append(pieces, s)
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// parse reads a manifest: what others may have written there. Its error wraps ErrNone.
func parse(head secret.Text) (manifest, error) {
	var m manifest
	if err := json.Unmarshal([]byte(head.Reveal()), &m); err != nil {
		return manifest{}, damaged("it cannot be read")
	}
	switch {
	case m.Version != formatVersion:
		return manifest{}, damaged("another version of kubecreds wrote it")
	case m.Chunks < 0 || m.Chunks > maxChunks || (m.Chunks == 0) == (m.Record == nil):
		return manifest{}, damaged("it makes no sense")
	}
	return m, nil
}

// load returns the record at base as encode wrote it.
func load(ctx context.Context, items Items, base string) (string, error) {
	head, err := items.Get(ctx, base)
	if err != nil {
		return "", err
	}
	m, err := parse(head)
	if err != nil {
		return "", err
	}
	if m.Chunks == 0 {
		return string(m.Record), nil
	}
	var body []byte
	for i := range m.Chunks {
		chunk, err := items.Get(ctx, chunkKey(base, m.Generation, i))
		if errors.Is(err, ErrNone) {
			return "", damaged("a part of it is missing")
		}
		if err != nil {
			return "", err
		}
		body = append(body, chunk.Reveal()...)
	}
	if digest(string(body)) != m.SHA256 {
		return "", damaged("its parts do not fit together")
	}
	return string(body), nil
}

// saveWhole is save, by whoever can do all of it in one go: another process, which goes on when this one is killed.
func saveWhole(ctx context.Context, items Items, base, body string) error {
	if other, can := items.(interface {
		save(ctx context.Context, base, body string) error
	}); can {
		return other.save(ctx, base, body)
	}
	return save(ctx, items, base, body)
}

// save writes body at base: chunks, read back; then the manifest, read back; then what is left of other generations goes.
func save(ctx context.Context, items Items, base, body string) error {
	old, err := items.Get(ctx, base)
	if err != nil && !errors.Is(err, ErrNone) {
		return err
	}
	// Where the old manifest cannot be read, no record of its own is left to be kept whole.
	was, _ := parse(old)
	generation := was.Generation + 1
	head, chunks, err := pack(generation, body)
	if err != nil {
		return err
	}
	for i, c := range chunks {
		if err := put(ctx, items, chunkKey(base, generation, i), secret.New(c)); err != nil {
			// Best effort: an unfinished generation is swept by the next Save or Forget as well.
			_ = sweep(ctx, items, base, generation, 0)
			return err
		}
	}
	if err := put(ctx, items, base, head); err != nil {
		restore(ctx, items, base, old, generation)
		return err
	}
	// The record is safe; what cannot be swept now is swept by the next Save or Forget.
	if sweep(ctx, items, base, generation, len(chunks)) == nil {
		_ = sweep(ctx, items, base, generation+1, 0)
	}
	return nil
}

// put writes an item and reads it back.
func put(ctx context.Context, items Items, key string, value secret.Text) error {
	if err := items.Set(ctx, key, value); err != nil {
		return err
	}
	got, err := items.Get(ctx, key)
	if err != nil && !errors.Is(err, ErrNone) {
		return err
	}
	if !got.Equal(value) {
		return errNotKept
	}
	return nil
}

// restore puts the old manifest back after the new one was written in vain, and then removes the new chunks. It is best
// effort: until it succeeds both generations of chunks are there, so whichever manifest stands is whole.
func restore(ctx context.Context, items Items, base string, old secret.Text, generation uint64) {
	back := func() error { return put(ctx, items, base, old) }
	if old.Empty() {
		back = func() error { return items.Delete(ctx, base) }
	}
	if back() == nil {
		_ = sweep(ctx, items, base, generation, 0)
	}
}

// sweep deletes the chunks of generation at base, and of every other generation with the same keys, from number from on.
func sweep(ctx context.Context, items Items, base string, generation uint64, from int) error {
	end := from
	for ; end < maxChunks; end++ {
		if _, err := items.Get(ctx, chunkKey(base, generation, end)); errors.Is(err, ErrNone) {
			break
		} else if err != nil {
			return err
		}
	}
	for ; end > from; end-- {
		if err := items.Delete(ctx, chunkKey(base, generation, end-1)); err != nil {
			return err
		}
	}
	return nil
}

// forget deletes the record at base. The manifest goes last: a record without its chunks is found and deleted again,
// chunks without their manifest would not be missed by anybody.
func forget(ctx context.Context, items Items, base string) error {
	for generation := range uint64(2) {
		if err := sweep(ctx, items, base, generation, 0); err != nil {
			return err
		}
	}
	return items.Delete(ctx, base)
}
