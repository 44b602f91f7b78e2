package kubeconfig

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// large is a kubeconfig of a thousand contexts with inline certificates, 10 MB.
func large(t testing.TB) string {
	t.Helper()
	c := api.NewConfig()
	for i := range 1000 {
		name := fmt.Sprintf("cluster-%04d", i)
		pem := func(kind string) []byte {
			body := base64.StdEncoding.EncodeToString([]byte(strings.Repeat(name+kind, 110)))
			return []byte("-----BEGIN " + kind + "-----\n" + body + "\n-----END " + kind + "-----\n")
		}
		c.Clusters[name] = &api.Cluster{Server: "https://" + name, CertificateAuthorityData: pem("CERTIFICATE")}
		c.AuthInfos[name] = &api.AuthInfo{ClientCertificateData: pem("CERTIFICATE"), ClientKeyData: pem("PRIVATE KEY")}
		c.Contexts[name] = &api.Context{Cluster: name, AuthInfo: name}
	}
	text, err := clientcmd.Write(*c)
	must(t, err)
	path := filepath.Join(t.TempDir(), "config")
	must(t, os.WriteFile(path, text, 0o600))
	return path
}

// BenchmarkReadAndChangeOneEntry reads a large file, changes a cluster in it and writes it, and compares that with
// client-go's LoadFromFile alone, which reads it once.
func BenchmarkReadAndChangeOneEntry(b *testing.B) {
	path := large(b)
	must(b, apply(b, []string{path}, want("prod")))
	stat, err := os.Stat(path)
	must(b, err)
	var theirs, ours time.Duration
	for i := 0; b.Loop(); i++ {
		start := time.Now()
		_, err := clientcmd.LoadFromFile(path)
		must(b, err)
		theirs += time.Since(start)

		c := want("prod")
		c.Server = fmt.Sprintf("https://%d.example.com", i)
		start = time.Now()
		must(b, apply(b, []string{path}, c))
		ours += time.Since(start)
	}
	b.ReportMetric(float64(stat.Size())/1e6, "MB")
	b.ReportMetric(float64(theirs.Milliseconds())/float64(b.N), "ms/LoadFromFile")
	b.ReportMetric(float64(ours.Milliseconds())/float64(b.N), "ms/change")
	b.ReportMetric(float64(ours)/float64(theirs), "ratio")
}

// BenchmarkLookAtAnUnchangedFile is what the agent does twice a minute: it reads nothing.
func BenchmarkLookAtAnUnchangedFile(b *testing.B) {
	path := large(b)
	age(b, path, time.Hour)
	f := load1(b, path)
	for b.Loop() {
		if now, err := f.Reload(); err != nil || now != f {
			b.Fatal("read again", err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N), "µs/look")
}

// BenchmarkForeign looks through a thousand clusters that kubelogin logs in to, and plans to adopt them all.
func BenchmarkForeign(b *testing.B) {
	var clusters, users, contexts strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&clusters, "- name: c%d\n  cluster:\n    server: https://c%d\n    certificate-authority-data: %s\n", i, i, longPEM)
		fmt.Fprintf(&contexts, "- name: c%d\n  context: {cluster: c%d, user: u%d}\n", i, i, i)
		fmt.Fprintf(&users, "- name: u%d\n  user:\n    exec:\n      apiVersion: client.authentication.k8s.io/v1\n      interactiveMode: Never\n      command: kubelogin\n      args: [get-token, --oidc-issuer-url=https://i, --oidc-client-id=c]\n", i)
	}
	f := memory(b, "clusters:\n"+clusters.String()+"contexts:\n"+contexts.String()+"users:\n"+users.String())
	for b.Loop() {
		all, _ := adoptions(b, f)
		if len(all) != 1000 {
			b.Fatal(len(all))
		}
		if _, err := f.PlanUsers(swapsOf(all)...); err != nil {
			b.Fatal(err)
		}
	}
}
