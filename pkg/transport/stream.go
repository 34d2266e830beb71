package transport

import (
	"context"
	"crypto/tls"
)

// TLS is the client's side of a handshake with host:port, for protocols that are
// not HTTP. What goes wrong there is explained by [Options.Explained].
func (o Options) TLS(address string) (*tls.Config, error) {
	_, config, err := o.ready()
	if err != nil {
		return nil, err
	}
	config.ServerName = nameIn(address)
	return config, nil
}

// Explained is an error of dialling host:port ("shaken" is false), or of the TLS
// handshake with it, as one plain sentence. ctx is what bounded it.
func (o Options) Explained(ctx context.Context, address string, shaken bool, err error) error {
	if err == nil {
		return nil
	}
	where := peer{address: address, options: o, over: ctx.Err}
	if !shaken {
		return where.explain(err, connecting)
	}
	return where.explain(&handshakeError{err}, shaking)
}
