//go:build darwin && !cgo

package wake

import (
	"errors"
	"os"
)

func powerMessages() (*os.File, error) {
	return nil, errors.New("this program was built without cgo")
}
