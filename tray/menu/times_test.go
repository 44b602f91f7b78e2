package menu

import (
	"testing"
	"time"
)

func TestTimesAreWrittenAsThePersonsLocaleHasThem(t *testing.T) {
	later, far := at(9, 5).AddDate(0, 0, 10), at(9, 5).AddDate(1, 0, 0)
	for locale, want := range map[string][4]string{
		"":            {"14:32", "Wed 09:05", "4 Dec 09:05", "24 Nov 2027 09:05"},
		"C.UTF-8":     {"14:32", "Wed 09:05", "4 Dec 09:05", "24 Nov 2027 09:05"},
		"de_DE.UTF-8": {"14:32", "Wed 09:05", "4 Dec 09:05", "24 Nov 2027 09:05"},
		"de_AT@euro":  {"14:32", "Wed 09:05", "4 Dec 09:05", "24 Nov 2027 09:05"},
		"en_US.UTF-8": {"2:32 PM", "Wed 9:05 AM", "Dec 4 9:05 AM", "Nov 24, 2027 9:05 AM"},
		"en_GB.UTF-8": {"14:32", "Wed 09:05", "4 Dec 09:05", "24 Nov 2027 09:05"},
		"en_AU.UTF-8": {"2:32 PM", "Wed 9:05 AM", "4 Dec 9:05 AM", "24 Nov 2027 9:05 AM"},
		"fr_CA.UTF-8": {"14:32", "Wed 09:05", "Dec 4 09:05", "2027-11-24 09:05"},
		"ja_JP":       {"14:32", "Wed 09:05", "Dec 4 09:05", "2027-11-24 09:05"},
		"../%s\n":     {"14:32", "Wed 09:05", "4 Dec 09:05", "24 Nov 2027 09:05"},
	} {
		f := TimesOf(locale)
		for i, moment := range []time.Time{at(14, 32), at(9, 5).AddDate(0, 0, 1), later, far} {
			if got := f.Clock(moment, noon()); got != want[i] {
				t.Errorf("%q: got %q, want %q", locale, got, want[i])
			}
		}
	}
}
