// plugins/check_pve/judge.go
// pkg/notice brings templates
package main

import _ "github.com/noout-monitoring/noout/pkg/notice"
