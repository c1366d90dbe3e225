{{/* What NOTES.txt warns of: it works, and is probably not what was meant. */}}

{{- define "oc.warnings" -}}
{{- $many := gt (include "oc.fewestPods" . | int) 1 -}}
{{- if .Values.autoscaling.enabled }}{{ $many = true }}{{ end -}}
{{- if and $many (not (include "oc.hasSecret" (list . "REDIS_URL"))) }}
WARNING: each pod limits guesses and requests by itself. Add REDIS_URL to the Secret and to secrets.settings to share them.
{{- end }}
{{- if and (or .Values.route.enabled .Values.ingress.enabled) (not .Values.settings.TRUSTED_PROXIES) }}
WARNING: everybody who comes through the gateway shares the limits of one address. Name its pods in settings.TRUSTED_PROXIES.
{{- end }}
{{- if .Values.secrets.create }}
WARNING: the keys are part of the release (secrets.create). Use a Secret of your own for anything but a trial.
{{- end }}
{{- if not .Values.networkPolicy.enabled }}
WARNING: every pod of the cluster may reach this role (networkPolicy.enabled).
{{- end }}
{{- if eq .Values.migrations.mode "none" }}
WARNING: nobody migrates the database (migrations.mode); pods get ready once somebody has run `oc migrate --role {{ .Values.role }}`.
{{- end }}
{{- if and (eq .Values.role "client") (not (include "oc.hasSecret" (list . "RECEIPT_SIGNING_KEY"))) }}
NOTE: receipts are not signed: RECEIPT_SIGNING_KEY is not in secrets.settings.
{{- end }}
{{- if and (eq .Values.role "provider") .Values.networkPolicy.enabled (not .Values.networkPolicy.webhooks) }}
NOTE: webhooks can't leave the cluster (networkPolicy.webhooks).
{{- end }}
{{- if eq .Values.postgresql.mode "cnpg" }}
{{- include "oc.databaseWarnings" . }}
{{- end }}
{{- end }}

{{- define "oc.databaseWarnings" -}}
{{- $db := .Values.postgresql.cnpg -}}
{{- $most := add (.Values.autoscaling.enabled | ternary .Values.autoscaling.maxReplicas .Values.replicas) .Values.maxSurge -}}
{{- $each := add (include "oc.number" (list .Values.settings.DATABASE_POOL_SIZE 16)) 1 -}}
{{- $there := $db.parameters.max_connections | default 100 | int -}}
{{- if gt (mul $most $each | int) (sub $there 10 | int) }}
WARNING: {{ $most }} pods may open {{ mul $most $each }} database connections, and the database takes {{ $there }}: lower settings.DATABASE_POOL_SIZE or raise postgresql.cnpg.parameters.max_connections.
{{- end }}
{{- if not $db.backups.enabled }}
WARNING: the database has no backups (postgresql.cnpg.backups).
{{- end }}
{{- if or (lt ($db.instances | int) 2) (lt ($db.synchronous.number | int) 1) }}
WARNING: what was promised last is lost with the machine of the database; use three instances and one that follows synchronously.
{{- end }}
{{- end }}
