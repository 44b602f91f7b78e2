package control

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// maxBody is the most a control request may hold.
const maxBody = 1 << 16

// Handle makes a handler of f: it reads the request's JSON body into f's argument (an empty body is the zero value; unknown keys
// are errors) and writes f's answer as JSON. An error of f is answered 400 with its text.
func Handle[In, Out any](f func(In) (Out, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in In
		decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&in); err != nil && err != io.EOF {
			http.Error(w, fmt.Sprintf("cannot read the body: %v", err), http.StatusBadRequest)
			return
		}
		out, err := f(in)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(out) // fails only when the client has gone
	}
}
