#compdef {{.Name}}
# Generated from what the plugin says of itself (make contrib): do not edit.
# Goes to /usr/share/zsh/vendor-completions/_{{.Name}}.

_arguments -s -S \
{{- range .Options}}{{range zsh .}}
	{{.}} \
{{- end}}{{end}}
	&& return 0
