{{- /* Printed by `npm run chart`: change cmd/chart or src/domain/install instead. */ -}}
{{- define "kubectl-stash.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end -}}
