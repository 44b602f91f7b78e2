package main

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/kubecreds/kubecreds/demo/shots"
)

// kinds of pictures stand together on the contact sheet, as large as they can be read and all equally wide.
var kinds = []struct {
	name    string
	columns int
	size    string
}{
	{"icon", 10, "140x130"},
	{"menu", 2, "780x300"},
	{"dialog", 4, "380x300"},
	{"notification", 4, "380x200"},
}

// sheet makes the contact sheet of all pictures in folder: light and dark ones side by side.
func sheet(ctx context.Context, folder string, names []string) error {
	work, err := os.MkdirTemp("", "sheet")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	var parts []string
	for _, kind := range kinds {
		var files []string
		for _, name := range names {
			if strings.HasPrefix(name, kind.name+"-") {
				files = append(files, picture(folder, name, desktops[0]), picture(folder, name, desktops[1]))
			}
		}
		part := filepath.Join(work, kind.name+".png")
		if err := shots.Sheet(ctx, part, kind.columns, kind.size, files); err != nil {
			return err
		}
		parts = append(parts, part)
	}
	return small(ctx, filepath.Join(folder, "index.png"), 128, append(parts, "-append")...)
}

// picture is the file of the picture called name, on a desktop of these colours.
func picture(folder, name, colours string) string {
	return filepath.Join(folder, name+"-"+colours+".png")
}

// small writes a picture, made as ImageMagick is told, with a palette of few colours and nothing in it but the picture.
func small(ctx context.Context, to string, colours int, of ...string) error {
	finish := strings.Fields("+dither -strip -define png:exclude-chunks=date,time -define png:compression-level=9 -define png:compression-filter=0")
	finish = append(finish, "-colors", strconv.Itoa(colours), "PNG8:"+to)
	return shots.Magick(ctx, "convert", append(of, finish...)...)
}
