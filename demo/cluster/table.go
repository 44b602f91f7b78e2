package cluster

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/duration"
)

// table renders objects of one resource the way kubectl get shows them.
func table(resource, version string, objects []object) *metav1.Table {
	t := &metav1.Table{
		TypeMeta:          metav1.TypeMeta{APIVersion: "meta.k8s.io/v1", Kind: "Table"},
		ListMeta:          metav1.ListMeta{ResourceVersion: version},
		ColumnDefinitions: columns(resource),
		Rows:              []metav1.TableRow{},
	}
	for _, o := range objects {
		t.Rows = append(t.Rows, metav1.TableRow{Cells: cells(o), Object: runtime.RawExtension{Object: metadata(o)}})
	}
	return t
}

func columns(resource string) []metav1.TableColumnDefinition {
	names := map[string][]string{
		"namespaces": {"Status"},
		"pods":       {"Ready", "Status", "Restarts"},
		"secrets":    {"Type", "Data"},
	}[resource]
	all := []metav1.TableColumnDefinition{{Name: "Name", Type: "string", Format: "name"}}
	for _, name := range names {
		all = append(all, metav1.TableColumnDefinition{Name: name, Type: "string"})
	}
	return append(all, metav1.TableColumnDefinition{Name: "Age", Type: "string"})
}

func cells(o object) []any {
	age := duration.HumanDuration(time.Since(o.GetCreationTimestamp().Time))
	switch o := o.(type) {
	case *corev1.Namespace:
		return []any{o.Name, string(o.Status.Phase), age}
	case *corev1.Pod:
		n := len(o.Status.ContainerStatuses)
		return []any{o.Name, fmt.Sprintf("%d/%d", n, n), string(o.Status.Phase), "0", age}
	case *corev1.Secret:
		return []any{o.Name, string(o.Type), fmt.Sprint(len(o.Data)), age}
	}
	return nil
}

func metadata(o object) *metav1.PartialObjectMetadata {
	return &metav1.PartialObjectMetadata{
		TypeMeta: metav1.TypeMeta{APIVersion: "meta.k8s.io/v1", Kind: "PartialObjectMetadata"},
		ObjectMeta: metav1.ObjectMeta{
			Name: o.GetName(), Namespace: o.GetNamespace(), UID: o.GetUID(), Labels: o.GetLabels(),
			ResourceVersion: o.GetResourceVersion(), CreationTimestamp: o.GetCreationTimestamp(),
		},
	}
}
