//go:build !windows && !darwin

package assets

import "embed"

//go:embed png/any png/dark png/light png/row-*.png
var files embed.FS

func iconPath(name, panel string) string { return "png/" + panel + "/" + name + ".png" }
