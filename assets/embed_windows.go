package assets

import "embed"

//go:embed ico
var files embed.FS

func iconPath(name, panel string) string { return "ico/" + panel + "/" + name + ".ico" }
