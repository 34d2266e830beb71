package survey

import (
	"context"
	"fmt"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/bmc/redfish"
	"github.com/noout-monitoring/noout/pkg/maintenance"
	"github.com/noout-monitoring/noout/pkg/transport"
)

// BMC are the flags of the management controller of the node. Its credentials
// are in the same file as those of Proxmox VE, under its own name.
type BMC struct {
	Host        string        `name:"bmc" placeholder:"HOST" help:"Management controller of the node (Redfish): who it is, which fans failed and how often."`
	CAFile      string        `name:"bmc-ca-file" placeholder:"FILE" help:"Authority that signed the controller's certificate."`
	Fingerprint string        `name:"bmc-fingerprint" placeholder:"SHA256" help:"SHA-256 of the controller's certificate."`
	Insecure    bool          `name:"bmc-insecure" help:"Do not verify the controller's certificate."`
	Window      time.Duration `name:"fan-window" default:"7d" help:"How far back drop-outs of fans are counted."`
}

// Validate refuses what cannot be meant, by the names of these flags.
func (b BMC) Validate() error {
	if b.Host == "" && (b.CAFile != "" || b.Fingerprint != "" || b.Insecure) {
		return fmt.Errorf("--bmc: expected the address of the management controller beside the other --bmc options")
	}
	if err := b.transport().Validate(); err != nil {
		return fmt.Errorf("--bmc-ca-file, --bmc-fingerprint, --bmc-insecure: %w", err)
	}
	return nil
}

func (b BMC) transport() transport.Options {
	return transport.Options{CAFile: b.CAFile, Fingerprint: b.Fingerprint, Insecure: b.Insecure}
}

// httpsPort of management controllers.
const httpsPort = 443

// fans polls the controller once, with its event log.
func (s Survey) fans(ctx context.Context, f Found) (*maintenance.Fans, error) {
	b := s.Options.BMC
	client, err := b.transport().Client()
	if err != nil {
		return nil, err
	}
	// The environment speaks for Proxmox VE: its token is none of the controller's.
	credentials, err := s.Options.PVE.Secret.FromFile(b.Host)
	if err != nil {
		return nil, err
	}
	address, err := transport.Address(b.Host, httpsPort)
	if err != nil {
		return nil, fmt.Errorf("--bmc: %w", err)
	}
	source := redfish.New(client, address, credentials)
	source.TellTime(s.Now)
	server, err := source.Poll(ctx, bmc.Ask{Logs: true})
	if err != nil {
		return nil, err
	}
	out := maintenance.FansOf(server, s.since(f), s.Now())
	return &out, nil
}

// since is from when on drop-outs count: after a repair only those since the
// node was started.
func (s Survey) since(f Found) time.Time {
	since := s.Now().Add(-s.Options.BMC.Window)
	if !s.Versions {
		return since
	}
	for _, name := range f.PVE.Leaving {
		if n, _ := f.PVE.Cluster.Node(name); n.Online && n.Uptime > 0 {
			if boot := s.Now().Add(-n.Uptime); boot.After(since) {
				since = boot
			}
		}
	}
	return since
}
