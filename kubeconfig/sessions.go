package kubeconfig

import "regexp"

const leftOut = "left-out"

// WithoutSessions returns a kubeconfig's text without what it holds of sessions: refresh tokens, ID tokens and client secrets, of
// auth providers and in kubelogin's flags. In a copy that is kept they would be of no use soon, and an old refresh token ends the
// session where a provider replaces them.
func WithoutSessions(text []byte) []byte {
	if kept, err := withoutSecrets(text); err == nil {
		text = kept
	}
	// And where the writer does not understand the text, or client-go does not look: what is called so.
	held := regexp.MustCompile(`((?:^|[\s{,])["']?(?:refresh-token|id-token|client-secret)["']?\s*:\s+|"(?:refresh-token|id-token|client-secret)":)("[^"]*"|'[^']*'|[^\s,}\]|>][^\s,}\]]*)`)
	return held.ReplaceAll(text, []byte(`${1}"`+leftOut+`"`))
}

// withoutSecrets takes out the secrets where client-go finds them.
func withoutSecrets(text []byte) ([]byte, error) {
	short, cuts := shorten(text)
	doc, err := locate(short)
	if err != nil {
		return nil, err
	}
	if doc.root == nil {
		return text, nil
	}
	edits, err := doc.secretEdits(func(string, string) string { return leftOut })
	if err != nil {
		return nil, err
	}
	for i, e := range edits {
		edits[i].start, edits[i].end = fullOffset(cuts, e.start), fullOffset(cuts, e.end)
	}
	kept := splice(text, edits, doc.eol)
	_, err = parseFile("", kept)
	return kept, err
}
