// Command mkico writes an .ico file that holds the PNG files named on its command line, for assets/render.
package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image/png"
	"io"
	"os"
)

func main() {
	if err := run(os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "mkico:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, names []string) error {
	pictures := make([][]byte, len(names))
	for i, name := range names {
		var err error
		if pictures[i], err = os.ReadFile(name); err != nil {
			return err
		}
	}
	return pack(w, pictures)
}

// entry is ICONDIRENTRY. Windows takes PNG data as they are since Vista.
type entry struct {
	Width, Height, Colors, Reserved uint8
	Planes, Bits                    uint16
	Size, Offset                    uint32
}

// pack writes ICONDIR, an ICONDIRENTRY a picture, and the pictures, PNG files of at most 256 pixels a side.
func pack(w io.Writer, pictures [][]byte) error {
	const headerSize, entrySize = 6, 16
	var head bytes.Buffer
	write := func(v any) { _ = binary.Write(&head, binary.LittleEndian, v) } // a Buffer refuses nothing
	write([3]uint16{0, 1, uint16(len(pictures))})                            // reserved, type icon, count
	offset := headerSize + entrySize*len(pictures)
	for i, p := range pictures {
		c, err := png.DecodeConfig(bytes.NewReader(p))
		if err != nil {
			return fmt.Errorf("picture %d: %w", i+1, err)
		}
		if c.Width > 256 || c.Height > 256 {
			return fmt.Errorf("picture %d: %d by %d pixels, an .ico file takes 256", i+1, c.Width, c.Height)
		}
		write(entry{Width: uint8(c.Width), Height: uint8(c.Height), Planes: 1, Bits: 32, Size: uint32(len(p)), Offset: uint32(offset)}) // 256 is written 0
		offset += len(p)
	}
	_, err := w.Write(append(head.Bytes(), bytes.Join(pictures, nil)...))
	return err
}
