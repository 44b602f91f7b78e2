package auth

// Reject says that the API server of cluster refuses an unexpired token, and why; the zero Reason, that it accepts it. serial
// is the account's Status.Serial from before that token was asked for. What was said holds until the account has another
// token or the configuration changes.
func (k *Keeper) Reject(cluster string, serial uint64, why Reason) error {
	return k.do(func() {
		k.clusters = changed(k.clusters, func(c *Cluster) {
			if c.Name == cluster {
				c.Rejected, c.refused = why, serial
			}
		})
	})
}

// pardoned are the clusters, without rejections of tokens that are no longer handed out.
func (k *Keeper) pardoned() []Cluster {
	serials := map[string]uint64{}
	for _, a := range k.accounts {
		serials[a.Name] = a.session.serial
	}
	stale := func(c Cluster) bool { return c.Rejected != Reason{} && c.refused != serials[c.Account] }
	for _, c := range k.clusters {
		if stale(c) {
			return changed(k.clusters, func(c *Cluster) {
				if stale(*c) {
					c.Rejected, c.refused = Reason{}, 0
				}
			})
		}
	}
	return k.clusters
}

// changed is a copy of clusters, each changed by f: the old ones belong to the last snapshot.
func changed(clusters []Cluster, f func(*Cluster)) []Cluster {
	all := make([]Cluster, len(clusters))
	copy(all, clusters)
	for i := range all {
		f(&all[i])
	}
	return all
}
