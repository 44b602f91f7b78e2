// Package review asks one API server whom it takes the bearer of a token for: SelfSubjectReview, as `kubectl auth whoami` does.
// What an API server answers is read but not believed, and the errors of the libraries below are taken apart here: what is
// left of them names hosts, certificates and at most 200 cleaned characters of the server's own words, and never a token.
package review

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"

	"github.com/kubecreds/kubecreds/auth/oidc"
	"github.com/kubecreds/kubecreds/auth/secret"
)

// Server is one address of an API server.
type Server struct {
	URL  string // https
	CA   []byte // PEM: the only certificates to trust, as for kubectl; empty: the system's
	Name string // in its certificate, where that is not the URL's host
}

// Host is how the server is named to a person.
func (s Server) Host() string {
	u, err := url.Parse(s.URL)
	if err != nil || u.Host == "" {
		return "the API server"
	}
	return oidc.Cleaned(strings.ToLower(u.Host))
}

// Person is whom an API server takes the bearer of a token for. What it says is cleaned.
type Person struct {
	User   string
	Groups []string
}

// Kind is what stands in the way. Its values are those of `check -o json`.
type Kind string

// The kinds of problems.
const (
	Rejected      Kind = "rejected"       // 401: not this token
	Forbidden     Kind = "forbidden"      // 403 or too old a server: it takes the token, but does not say for whom
	Unreachable   Kind = "unreachable"    // no answer
	Certificate   Kind = "certificate"    // its certificate is not to be trusted: nothing was sent
	NotKubernetes Kind = "not-kubernetes" // something else answered
	Failing       Kind = "failing"        // it answered that it cannot
)

// Problem is why an API server did not say who somebody is.
type Problem struct {
	Kind  Kind
	Words string    // one line for the person, at most 200 characters
	Said  string    // the server's own words, cleaned; "" where they say no more than Kind
	Date  time.Time // what the server's clock showed; zero where it did not say
}

func (p *Problem) Error() string { return p.Words }

// KindOf is the kind of the *Problem that err is, "" where it is none.
func KindOf(err error) Kind {
	var p *Problem
	if errors.As(err, &p) {
		return p.Kind
	}
	return ""
}

// Accepted reports whether an API server that answered with err took the token.
func Accepted(err error) bool {
	return err == nil || KindOf(err) == Forbidden
}

// How long one question may take.
const (
	connectLimit = 5 * time.Second
	askLimit     = 10 * time.Second
)

// Ask asks s whom it takes token's bearer for. It waits at most 10 s, never past ctx. The token goes to s.URL and nowhere
// else: no redirect is followed, and nothing is sent before the certificate was checked. An error is a *Problem.
func Ask(ctx context.Context, s Server, token secret.Text) (Person, error) {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	link, err := newLink(s, token)
	if err != nil {
		return Person{}, err
	}
	defer link.close()
	c, err := client(s, link)
	if err != nil {
		return Person{}, &Problem{Kind: Unreachable, Words: "its address cannot be used; check server in config.yaml"}
	}
	var answer authenticationv1.SelfSubjectReview
	ctx = klog.NewContext(ctx, klog.Logger{}) // it would write to our stderr
	err = c.Post().Resource("selfsubjectreviews").MaxRetries(0).Body(&authenticationv1.SelfSubjectReview{}).Do(ctx).Into(&answer)
	if err != nil {
		return Person{}, link.problem(s, err)
	}
	return person(answer.Status.UserInfo, token)
}

// client speaks one version of one API group in JSON. A whole clientset would register every type of Kubernetes for it.
func client(s Server, link *link) (*rest.RESTClient, error) {
	scheme := runtime.NewScheme()
	if err := authenticationv1.AddToScheme(scheme); err != nil {
		return nil, err
	}
	version := authenticationv1.SchemeGroupVersion
	return rest.RESTClientForConfigAndClient(&rest.Config{
		Host:           s.URL,
		APIPath:        "/apis",
		QPS:            -1, // one question: nothing to slow down
		WarningHandler: rest.NoWarnings{},
		ContentConfig: rest.ContentConfig{
			GroupVersion:         &version,
			ContentType:          runtime.ContentTypeJSON,
			NegotiatedSerializer: serializer.NewCodecFactory(scheme).WithoutConversion(),
		},
	}, &http.Client{
		Transport: link,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	})
}

// person reads the answer. Who comes without a user name, or as nobody, was not recognized.
func person(u authenticationv1.UserInfo, token secret.Text) (Person, error) {
	if quotes(u.Username, token) {
		return Person{}, &Problem{Kind: NotKubernetes, Words: "it sent the token back"}
	}
	p := Person{User: oidc.Cleaned(u.Username)}
	for _, g := range u.Groups {
		if g = oidc.Cleaned(g); g != "" && !quotes(g, token) {
			p.Groups = append(p.Groups, g)
		}
	}
	switch p.User {
	case "":
		return Person{}, &Problem{Kind: NotKubernetes, Words: "it answered without a user name"}
	case "system:anonymous":
		return Person{}, &Problem{Kind: NotKubernetes, Words: "it takes you for nobody (system:anonymous): something on the way took the token away"}
	}
	return p, nil
}
