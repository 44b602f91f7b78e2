package cluster

import (
	"fmt"
	"strconv"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
)

// object is a Namespace, Pod or Secret.
type object interface {
	metav1.Object
	runtime.Object
}

// addition is one entry of the store. Objects are only ever added, and each is the event "ADDED" with its resource version.
type addition struct {
	resource string // namespaces, pods, secrets
	version  uint64
	object   object
}

// store is what the cluster holds, in the order it came.
type store struct {
	mu    sync.Mutex
	log   []addition
	added chan struct{} // closed at the next addition
}

func newStore(objects []object) *store {
	s := &store{added: make(chan struct{})}
	for _, o := range objects {
		s.add(o)
	}
	return s
}

// add puts o into the store, which completes its metadata.
func (s *store) add(o object) {
	s.mu.Lock()
	defer s.mu.Unlock()
	version := uint64(len(s.log) + 1)
	o.SetResourceVersion(strconv.FormatUint(version, 10))
	o.SetUID(types.UID(fmt.Sprintf("00000000-0000-4000-8000-%012d", version)))
	if created := o.GetCreationTimestamp(); created.IsZero() {
		o.SetCreationTimestamp(metav1.Now())
	}
	s.log = append(s.log, addition{resourceOf(o), version, o})
	close(s.added)
	s.added = make(chan struct{})
}

// since returns the additions after version, the store's version, and a channel that closes at the next addition.
func (s *store) since(version uint64) (additions []addition, now uint64, next <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now = uint64(len(s.log))
	if version > now { // of an earlier run of this server
		version = now
	}
	return s.log[version:now:now], now, s.added
}

func resourceOf(o object) string {
	switch o.(type) {
	case *corev1.Namespace:
		return "namespaces"
	case *corev1.Pod:
		return "pods"
	default:
		return "secrets"
	}
}

// seed returns the first contents of the cluster called name: made for it, or a bare minimum.
func seed(name string) []object {
	workloads := map[string][]object{
		"prod-eu": {
			namespace("shop"), pod("shop", "checkout-7d9f8b6c5-x2v4q"), pod("shop", "cart-5b8c9d7f6-k8m2p"), secret("shop", "checkout-database"),
			namespace("billing"), pod("billing", "invoices-0"), secret("billing", "payment-gateway"),
		},
		"staging": {
			namespace("shop-next"), pod("shop-next", "checkout-canary-6f7d8c9b5-q7w8e"), secret("shop-next", "checkout-database"),
		},
	}
	objects := append([]object{namespace("default"), namespace("kube-system")}, workloads[name]...)
	for _, o := range objects {
		o.SetCreationTimestamp(metav1.NewTime(time.Now().Add(-42 * 24 * time.Hour)))
	}
	return objects
}

func namespace(name string) object {
	return &corev1.Namespace{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"},
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"kubernetes.io/metadata.name": name}},
		Status:     corev1.NamespaceStatus{Phase: corev1.NamespaceActive},
	}
}

func pod(namespace, name string) object {
	return &corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "registry.example.com/" + namespace + ":1"}}},
		Status: corev1.PodStatus{
			Phase:             corev1.PodRunning,
			ContainerStatuses: []corev1.ContainerStatus{{Name: "main", Ready: true}},
		},
	}
}

func secret(namespace, name string) object {
	return &corev1.Secret{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Type:       corev1.SecretTypeOpaque,
		Data:       map[string][]byte{"note": []byte("nothing real is in this cluster")},
	}
}
