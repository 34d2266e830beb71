# fish completion of check_drained
# Generated from what the plugin says of itself (make contrib): do not edit.
# Goes to /usr/share/fish/vendor_completions.d/check_drained.fish.

complete -c check_drained -f
complete -c check_drained -s H -l host -x -d 'Nodes of the cluster to ask, in this order: the first that answers and has quorum is used. Each may carry its port.'
complete -c check_drained -s p -l port -x -d 'Port of the API.'
complete -c check_drained -l ca-file -r -F -d 'PEM file with the authority that signed the device\'s certificate, or that certificate itself.'
complete -c check_drained -l fingerprint -x -d 'SHA-256 of the device\'s certificate, in hex, colons allowed. With --ca-file both must hold.'
complete -c check_drained -l insecure -d 'Do not verify the device\'s certificate.'
complete -c check_drained -l tls-legacy -d 'Allow RSA key exchange and TLS 1.0, for old controllers.'
complete -c check_drained -s 4 -l ipv4-only -d 'Connect over IPv4 only.'
complete -c check_drained -s 6 -l ipv6-only -d 'Connect over IPv6 only.'
complete -c check_drained -l auth-file -r -F -d 'Credentials file (INI): sections are hosts, keys username, password, token, kg.'
complete -c check_drained -l node -x -d 'Node to be serviced. Several are judged as leaving together.'
complete -c check_drained -l save -r -F -d 'Write down where every guest is, for check_reintegrated --baseline. A file of the last 24h about the same nodes is kept as it is, an older one while they are in maintenance or empty.'
complete -c check_drained -l state-dir -x -a '(__fish_complete_directories)' -d 'Directory to remember in, default /var/lib/noout/USER or $XDG_STATE_HOME/noout.'
complete -c check_drained -l state -x -a 'auto require off' -d 'Memory between runs: auto (say when there is none), require (without it UNKNOWN), off.'
complete -c check_drained -l as-user -x -d 'Use the memory of this user, for root who acknowledges what the poller saw.'
complete -c check_drained -s t -l timeout -x -d 'Time for the whole run. Must be less than the host allows (check_nrpe: 10s).'
complete -c check_drained -l timeout-state -x -a 'warning critical unknown' -d 'Status when the time is up.'
complete -c check_drained -s v -l verbose -d 'More: -v all findings, -vv with evidence, -vvv with raw values.'
complete -c check_drained -l output -x -a 'nagios json openmetrics' -d 'How to answer.'
complete -c check_drained -l max-bytes -x -d 'Longest answer (old NRPE: 1024).'
complete -c check_drained -l extra-opts -d 'Read options from a section of an INI file. Without a value: the section named like the plugin in /etc/noout/noout.ini.'
complete -c check_drained -s V -l version -d 'Show the version.'
complete -c check_drained -s h -l help -d 'Show this help.'
