package hostile

import (
	"slices"
	"testing"
)

func TestTheTextsAreTheSameEachTime(t *testing.T) {
	a, b := All(), All()
	if len(a) != Texts || !slices.Equal(a, b) {
		t.Errorf("%d texts, then %d", len(a), len(b))
	}
	slices.Sort(a)
	if n := len(slices.Compact(a)); n < Texts-20 {
		t.Errorf("only %d differ", n)
	}
}
