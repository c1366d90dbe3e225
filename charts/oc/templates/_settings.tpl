{{/* What the program is told. */}}

{{/* A value as text; a large number is not written as 2.592e+06. */}}
{{- define "oc.text" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) }}{{ int64 . }}{{ else }}{{ toString . }}{{ end -}}
{{- end }}

{{/* A setting that is a number of the program, in its own default where it is not given. */}}
{{- define "oc.number" -}}
{{- include "oc.text" (index . 0 | default (index . 1)) -}}
{{- end }}

{{/* Names of the secret settings that the pods need, as JSON. */}}
{{- define "oc.secretNames" -}}
{{- $names := list "FIELD_ENCRYPTION_KEY" "SERVICE_TOKEN_SECRET" -}}
{{- if eq .Values.role "client" -}}
{{- $names = append $names "ACCESS_CODE_KEY" -}}
{{- end -}}
{{- $names = concat $names .Values.secrets.settings (keys .Values.secrets.from) -}}
{{- if .Values.secrets.create -}}
{{- $names = concat $names (keys .Values.secrets.data) -}}
{{- end -}}
{{- without $names "DATABASE_URL" | uniq | sortAlpha | toJson -}}
{{- end }}

{{/* Whether a secret setting is given: (list $ "REDIS_URL"). */}}
{{- define "oc.hasSecret" -}}
{{- if has (index . 1) (include "oc.secretNames" (index . 0) | fromJsonArray) }}true{{ end -}}
{{- end }}

{{/* The variable of one secret setting: (list $ "REDIS_URL"). */}}
{{- define "oc.secretVariable" -}}
{{- $root := index . 0 -}}
{{- $name := index . 1 -}}
{{- $place := index $root.Values.secrets.from $name | default dict -}}
- name: {{ $name }}
  valueFrom:
    secretKeyRef:
      name: {{ $place.name | default (include "oc.secretName" $root) }}
      key: {{ $place.key | default $name }}
{{- end }}

{{/* The variables that lead to the database: all that a migration needs. */}}
{{- define "oc.databaseVariables" -}}
{{- $postgresql := .Values.postgresql -}}
- name: DATABASE_URL
  valueFrom:
    secretKeyRef:
      {{- if eq $postgresql.mode "cnpg" }}
      name: {{ include "oc.databaseName" . }}-app
      key: uri
      {{- else }}
      name: {{ $postgresql.external.existingSecret | default (include "oc.secretName" .) }}
      key: {{ $postgresql.external.key }}
      {{- end }}
{{- with $postgresql.tls.mode }}
- name: PGSSLMODE
  value: {{ . }}
{{- end }}
{{- if include "oc.databaseAuthority" . }}
- name: PGSSLROOTCERT
  value: /etc/oc/database/ca.crt
{{- else if eq $postgresql.tls.mode "verify-full" }}
- name: PGSSLROOTCERT
  value: system
{{- end }}
{{- end }}

{{/* The Secret with the certificate authority of the database, if its certificate is checked. */}}
{{- define "oc.databaseAuthority" -}}
{{- $postgresql := .Values.postgresql -}}
{{- if hasPrefix "verify-" $postgresql.tls.mode -}}
{{- $postgresql.tls.caSecret | default (eq $postgresql.mode "cnpg" | ternary (printf "%s-ca" (include "oc.databaseName" .)) "") -}}
{{- end -}}
{{- end }}

{{- define "oc.databaseVolumeMounts" -}}
{{- if include "oc.databaseAuthority" . -}}
- name: database-authority
  mountPath: /etc/oc/database
  readOnly: true
{{- end -}}
{{- end }}

{{/* Only the certificate: such a Secret may hold its key as well. */}}
{{- define "oc.databaseVolumes" -}}
{{- with include "oc.databaseAuthority" . -}}
- name: database-authority
  secret:
    secretName: {{ . }}
    items:
      - key: {{ $.Values.postgresql.tls.caKey }}
        path: ca.crt
{{- end -}}
{{- end }}

{{/* Seconds until a pod may be killed: the program ends by itself before. */}}
{{- define "oc.gracePeriod" -}}
{{- $settings := .Values.settings -}}
{{- $drain := include "oc.number" (list $settings.SHUTDOWN_DRAIN_MS 0) | float64 -}}
{{- $timeout := include "oc.number" (list $settings.SHUTDOWN_TIMEOUT_SECONDS 20) | int -}}
{{- $longest := add (divf $drain 1000.0 | ceil | int) $timeout 5 -}}
{{- $given := .Values.terminationGracePeriodSeconds -}}
{{- if kindIs "invalid" $given -}}
{{- add $longest 10 -}}
{{- else if le ($given | int) ($longest | int) -}}
{{- fail (printf "terminationGracePeriodSeconds: %d is too short, a pod may take %d seconds to end (SHUTDOWN_DRAIN_MS, SHUTDOWN_TIMEOUT_SECONDS and 5 more)" ($given | int) ($longest | int)) -}}
{{- else -}}
{{- $given | int -}}
{{- end -}}
{{- end }}
