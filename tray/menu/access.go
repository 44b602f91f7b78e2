package menu

import (
	"fmt"
	"slices"
	"time"
)

// VerbCheck asks the API server of the cluster, or those of the account, that On names whom they take the person for.
const VerbCheck = "check"

// Access is what one API server said when it was asked whom it takes the person for.
type Access struct {
	Cluster  string
	Accepted bool // the token
	User     string
	Groups   []string
	Took     time.Duration
	Why      string // what stands in the way, in one line; "" where nothing does
	Login    bool   // that is a login
}

// AccessNotice tells a person what came of `Check access` at the row of the cluster, or the account, called on.
func AccessNotice(on string, all []Access) Notice {
	n := Notice{Tag: "access:" + on}
	if !slices.ContainsFunc(all, func(one Access) bool { return !one.Accepted }) {
		n.Icon = IconReady
	}
	if len(all) == 1 {
		n.Title, n.Body = accessOfOne(all[0])
	} else {
		n.Title, n.Body = accessOfMany(on, all)
	}
	for _, one := range all {
		if one.Login {
			n.Buttons = []Button{{"Log in", Action{VerbLogin, on}}, later()}
			break
		}
	}
	return n
}

func accessOfOne(one Access) (title, body string) {
	cluster := name(one.Cluster)
	switch {
	case !one.Accepted:
		return cluster + ": no access", sentence(clean(one.Why, maxSentence))
	case one.User == "":
		return cluster + ": you have access", sentence(clean(one.Why, maxSentence))
	}
	body = fmt.Sprintf("It takes you for %s", name(one.User))
	if len(one.Groups) > 0 {
		body += ", in " + list(one.Groups)
	}
	return cluster + ": you have access", fmt.Sprintf("%s. It answered in %d ms.", body, one.Took.Milliseconds())
}

func accessOfMany(on string, all []Access) (title, body string) {
	var without []string
	first := ""
	for _, one := range all {
		if !one.Accepted {
			without = append(without, one.Cluster)
			if first == "" {
				first = name(one.Cluster) + ": " + sentence(clean(one.Why, maxSentence))
			}
		}
	}
	if len(without) == 0 {
		return name(on) + ": you have access", fmt.Sprintf("All %d API servers accept the token.", len(all))
	}
	return fmt.Sprintf("%s: no access to %d of %d", name(on), len(without), len(all)), "Without: " + list(without) + ". " + first
}

// List writes names as a person would say them: at most three, then how many more there are.
func List(names []string) string { return list(names) }
