package menu

import (
	"slices"
	"strings"
	"time"
)

// Times is how a person writes times and dates. The zero value is 24 hours, and the day before the month.
type Times struct {
	Hour12     bool
	MonthFirst bool
	YearFirst  bool
}

// TimesOf returns how times are written where locale is spoken: the value of LC_ALL, LC_TIME or LANG, as en_US.UTF-8. An
// unknown one is the zero value.
func TimesOf(locale string) Times {
	locale, _, _ = strings.Cut(locale, ".")
	locale, _, _ = strings.Cut(locale, "@")
	language, territory, _ := strings.Cut(locale, "_")
	halves := []string{"US", "AU", "NZ", "CA", "IN", "PK", "BD", "PH", "MY", "CO", "EG", "SA", "AE", "JO", "KR"}
	return Times{
		Hour12:     slices.Contains(halves, territory) && locale != "fr_CA",
		MonthFirst: locale == "en_US" || territory == "PH",
		YearFirst:  slices.Contains([]string{"zh", "ja", "ko", "hu", "lt", "sv", "mn"}, language) || locale == "en_CA" || locale == "fr_CA",
	}
}

// Clock writes the time t as a person at now reads it, in now's time zone: the hour alone today, with the weekday
// within six days, else with the date.
func (f Times) Clock(t, now time.Time) string {
	t = t.In(now.Location())
	hour, day, year := "15:04", "2 Jan", "2 Jan 2006"
	if f.Hour12 {
		hour = "3:04 PM"
	}
	switch {
	case f.YearFirst:
		day, year = "Jan 2", "2006-01-02"
	case f.MonthFirst:
		day, year = "Jan 2", "Jan 2, 2006"
	}
	away := t.Sub(now).Abs()
	switch {
	case t.YearDay() == now.YearDay() && t.Year() == now.Year():
		return t.Format(hour)
	case away < 6*24*time.Hour:
		return t.Format("Mon " + hour)
	case t.Year() == now.Year():
		return t.Format(day + " " + hour)
	}
	return t.Format(year + " " + hour)
}
