package menu

import (
	"strings"
	"time"

	"github.com/kubecreds/kubecreds/auth"
)

// Columns are ClusterWords for a table that has a column of its own for the token's end: there `valid until 14:32` is
// `valid`, and `14:32`. until is "" where no token is good at now.
func (f Times) Columns(c auth.Cluster, st auth.Status, now time.Time) (state, until string) {
	state = f.ClusterWords(c, st, now)
	if !st.Good(now) {
		return state, ""
	}
	until = f.Clock(st.Until, now)
	return strings.Replace(state, "valid until "+until, "valid", 1), until
}
