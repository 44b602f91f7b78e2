// Command wineprng writes a bcryptprimitives.dll for wine 8 and older, which lack it: Go programs for Windows ask it for random
// numbers and do not start without it. Its one function, ProcessPrng, is forwarded to advapi32's SystemFunction036, the same by
// its older name (RtlGenRandom). Usage: wineprng >bcryptprimitives.dll
package main

import (
	"bytes"
	"debug/pe"
	"encoding/binary"
	"fmt"
	"os"
)

const (
	page    = 0x1000 // where the section is in memory
	sector  = 0x200  // what parts of the file are a multiple of, and where the section is in it
	peStart = 0x40
)

// exports is IMAGE_EXPORT_DIRECTORY of the PE format, with the tables and names it points to.
type exports struct {
	_, _, _                          uint32
	Name, Base, Functions, Names     uint32
	AtFunctions, AtNames, AtOrdinals uint32
	Function, FunctionName           uint32
	Ordinal                          uint16
	Library                          [21]byte
	Exported                         [12]byte
	Forwarded                        [27]byte
}

func main() {
	e := exports{Base: 1, Functions: 1, Names: 1}
	copy(e.Library[:], "bcryptprimitives.dll")
	copy(e.Exported[:], "ProcessPrng")
	copy(e.Forwarded[:], "advapi32.SystemFunction036")
	const directory = 40
	e.AtFunctions, e.AtNames, e.AtOrdinals = page+directory, page+directory+4, page+directory+8
	e.Name = e.AtOrdinals + 2
	e.FunctionName = e.Name + uint32(len(e.Library))
	e.Function = e.FunctionName + uint32(len(e.Exported)) // within the directory: a forward
	size := uint32(binary.Size(e))

	var file bytes.Buffer
	write := func(v any) {
		if err := binary.Write(&file, binary.LittleEndian, v); err != nil {
			fmt.Fprintln(os.Stderr, "wineprng:", err)
			os.Exit(1)
		}
	}
	dos := [peStart]byte{0: 'M', 1: 'Z', 0x3c: peStart}
	write(dos)
	write([4]byte{'P', 'E'})
	optional := pe.OptionalHeader64{
		Magic: 0x20b, SizeOfInitializedData: sector, ImageBase: 0x180000000, SectionAlignment: page, FileAlignment: sector,
		MajorOperatingSystemVersion: 6, MajorSubsystemVersion: 6, SizeOfImage: 2 * page, SizeOfHeaders: sector,
		Subsystem: pe.IMAGE_SUBSYSTEM_WINDOWS_GUI, DllCharacteristics: pe.IMAGE_DLLCHARACTERISTICS_NX_COMPAT,
		SizeOfStackReserve: 1 << 20, SizeOfStackCommit: page, SizeOfHeapReserve: 1 << 20, SizeOfHeapCommit: page, NumberOfRvaAndSizes: 16,
	}
	optional.DataDirectory[pe.IMAGE_DIRECTORY_ENTRY_EXPORT] = pe.DataDirectory{VirtualAddress: page, Size: size}
	write(pe.FileHeader{
		Machine: pe.IMAGE_FILE_MACHINE_AMD64, NumberOfSections: 1, SizeOfOptionalHeader: uint16(binary.Size(optional)),
		Characteristics: pe.IMAGE_FILE_EXECUTABLE_IMAGE | pe.IMAGE_FILE_LARGE_ADDRESS_AWARE | pe.IMAGE_FILE_DLL,
	})
	write(optional)
	write(pe.SectionHeader32{
		Name: [8]byte{'.', 'r', 'd', 'a', 't', 'a'}, VirtualSize: size, VirtualAddress: page, SizeOfRawData: sector, PointerToRawData: sector,
		Characteristics: pe.IMAGE_SCN_CNT_INITIALIZED_DATA | pe.IMAGE_SCN_MEM_READ,
	})
	write(make([]byte, sector-file.Len()))
	write(e)
	write(make([]byte, 2*sector-file.Len()))
	if _, err := os.Stdout.Write(file.Bytes()); err != nil {
		fmt.Fprintln(os.Stderr, "wineprng:", err)
		os.Exit(1)
	}
}
