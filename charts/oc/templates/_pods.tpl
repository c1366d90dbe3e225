{{/* What pods have in common. */}}

{{/* The beginning of every pod's spec. */}}
{{- define "oc.podBase" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  {{- toYaml .Values.podSecurityContext | nindent 2 }}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Where a pod may run. */}}
{{- define "oc.podPlace" -}}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* The beginning of every container. */}}
{{- define "oc.containerBase" -}}
image: {{ include "oc.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  {{- toYaml .Values.securityContext | nindent 2 }}
resources:
  {{- toYaml .Values.resources | nindent 2 }}
{{- end }}

{{/* `oc migrate`: waits for the database, and any number may run at once. It is given no key. */}}
{{- define "oc.migration" -}}
name: migrate
args: [migrate, --role, {{ .Values.role }}, --wait, {{ .Values.migrations.waitSeconds | toString | quote }}]
{{ include "oc.containerBase" . }}
env:
  {{- include "oc.databaseVariables" . | nindent 2 }}
{{- with include "oc.databaseVolumeMounts" . }}
volumeMounts:
  {{- . | nindent 2 }}
{{- end }}
{{- end }}

{{/* The pod of the migration's job. */}}
{{- define "oc.migrationPod" -}}
metadata:
  labels:
    {{- include "oc.labels" (dict "root" . "component" "migration") | nindent 4 }}
spec:
  restartPolicy: Never
  {{- include "oc.podBase" . | nindent 2 }}
  {{- with include "oc.podPlace" . | trim }}
  {{- . | nindent 2 }}
  {{- end }}
  {{- with include "oc.databaseVolumes" . }}
  volumes:
    {{- . | nindent 4 }}
  {{- end }}
  containers:
    - {{- include "oc.migration" . | nindent 6 }}
{{- end }}

{{/* A probe: (list $ "/livez" .Values.livenessProbe). */}}
{{- define "oc.probe" -}}
{{- $root := index . 0 -}}
httpGet:
  path: {{ index . 1 }}
  port: http
  scheme: {{ include "oc.scheme" $root | upper }}
{{ toYaml (index . 2) }}
{{- end }}
