package menu

import "fmt"

// notNow is what is remembered of a person who does not want to adopt anything.
const notNow = "not now"

// found says what could be adopted.
func found(set Settings) string {
	use := "use"
	if set.Found == 1 {
		use = "uses"
	}
	return fmt.Sprintf("Found %s that %s %s", count(set.Found, "cluster"), use, set.FoundBy)
}

// adoptNotice offers to adopt what another program logs in to. Nothing is adopted before a dialog has shown what changes.
func adoptNotice(set Settings) Notice {
	return Notice{
		Tag:     tagAdopt,
		Icon:    IconNothing,
		Title:   found(set),
		Body:    "kubecreds can keep their tokens fresh too. You see what changes before anything does, and can go back.",
		Buttons: adoptButtons(),
	}
}

func adoptButtons() []Button {
	return []Button{{"Adopt…", Action{Verb: VerbAdopt}}, {"Not now", Action{VerbLater, tagAdopt}}}
}

// TakenBack says that another program changed users that were adopted.
func TakenBack(users []string) Notice {
	return Notice{
		Tag:     "taken-back",
		Title:   "Another program changed your kubeconfig",
		Body:    list(users) + ": no longer opened by kubecreds. Adopt it again, or leave it to the other program.",
		Buttons: []Button{{"Adopt…", Action{Verb: VerbAdopt}}, {Label: "Later"}},
	}
}

// adoptRow is the same offer in the menu, until it is taken or put off.
func adoptRow(set Settings) Row {
	r := Row{Text: found(set) + "…"}
	for _, b := range adoptButtons() {
		r.Sub = append(r.Sub, Row{Text: b.Label, Do: b.Do})
	}
	return r
}
