# fish completion of {{.Name}}
# Generated from what the plugin says of itself (make contrib): do not edit.
# Goes to /usr/share/fish/vendor_completions.d/{{.Name}}.fish.

complete -c {{.Name}} -f
{{- range .Options}}
complete -c {{$.Name}}{{if .Short}} -s {{.Short}}{{end}} -l {{.Long}}
{{- if ne .Value "required"}}
{{- else if .Enum}} -x -a {{fish (join .Enum " ")}}
{{- else if eq .Type "file"}} -r -F
{{- else if eq .Type "directory"}} -x -a '(__fish_complete_directories)'
{{- else}} -x
{{- end}} -d {{fish .Help}}
{{- end}}
