{{/* What must not be installed, and why. Called where the Deployment is made. */}}

{{- define "oc.checks" -}}
{{- $settings := .Values.settings -}}
{{- $names := include "oc.secretNames" . | fromJsonArray -}}
{{- if not .Values.image.repository -}}
{{- fail "image.repository is missing: where the image is, such as registry.example.org/oc" -}}
{{- end -}}
{{- include "oc.checkSecrets" . -}}
{{- $secret := has "JWT_SECRET" $names -}}
{{- if and (eq .Values.role "provider") (not $secret) (not $settings.JWT_JWKS_URL) -}}
{{- fail "the provider role has to know whose tokens it accepts: settings.JWT_JWKS_URL, or JWT_SECRET in secrets.settings" -}}
{{- end -}}
{{- if and (or $secret $settings.JWT_JWKS_URL) (not (and $settings.JWT_ISSUER $settings.JWT_AUDIENCE)) -}}
{{- fail "settings.JWT_ISSUER and settings.JWT_AUDIENCE are missing: what tokens must say in iss and aud" -}}
{{- end -}}
{{- if eq .Values.role "provider" -}}
{{- include "oc.checkProvider" . -}}
{{- else -}}
{{- include "oc.checkClient" . -}}
{{- end -}}
{{- include "oc.checkLists" . -}}
{{- include "oc.checkDatabase" . -}}
{{- range $kind := list "route" "ingress" -}}
{{- $entry := index $.Values $kind -}}
{{- if and $entry.enabled (not $entry.hostnames) -}}
{{- fail (printf "%s.hostnames is missing: without a name it would answer for every name" $kind) -}}
{{- end -}}
{{- if and $entry.apiHostnames (eq $.Values.role "provider") -}}
{{- fail (printf "%s.apiHostnames belongs to the client role" $kind) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "oc.checkSecrets" -}}
{{- if and .Values.secrets.create .Values.secrets.existingSecret -}}
{{- fail "secrets.create and secrets.existingSecret exclude each other" -}}
{{- end -}}
{{- if and .Values.secrets.data (not .Values.secrets.create) -}}
{{- fail "secrets.data is used with secrets.create only" -}}
{{- end -}}
{{- if not .Values.secrets.existingSecret -}}
{{- range include "oc.secretNames" . | fromJsonArray -}}
{{- if not (or (index $.Values.secrets.from .) (index $.Values.secrets.data .)) -}}
{{- fail (printf "nothing says where %s is: name the Secret that holds it in secrets.existingSecret" .) -}}
{{- end -}}
{{- end -}}
{{- $postgresql := .Values.postgresql -}}
{{- if and (eq $postgresql.mode "external") (not $postgresql.external.existingSecret) (not .Values.secrets.data.DATABASE_URL) -}}
{{- fail "nothing says where the database is: name the Secret that holds its address in postgresql.external.existingSecret" -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "oc.checkProvider" -}}
{{- $url := .Values.settings.CLIENT_BASE_URL | default "" -}}
{{- if not $url -}}
{{- fail "settings.CLIENT_BASE_URL is missing: where the provider role reaches the client role, such as http://oc-client-backend.oc-client.svc.cluster.local/api/" -}}
{{- end -}}
{{- $insecure := eq (toString .Values.settings.CLIENT_BASE_URL_INSECURE) "true" -}}
{{- if not (or (hasPrefix "https://" $url) (include "oc.namespaceOf" $url) $insecure) -}}
{{- fail "settings.CLIENT_BASE_URL must start with https:// unless its name ends in .svc or .svc.cluster.local: documents and tokens go there" -}}
{{- end -}}
{{- end }}

{{- define "oc.checkClient" -}}
{{- $url := .Values.settings.CLIENT_PUBLIC_URL | default "" -}}
{{- if not $url -}}
{{- fail "settings.CLIENT_PUBLIC_URL is missing: the base of the links that people get, such as https://client.example.org" -}}
{{- end -}}
{{- $local := has (include "oc.hostOf" $url) (list "127.0.0.1" "localhost") -}}
{{- if not (or (hasPrefix "https://" $url) $local) -}}
{{- fail "settings.CLIENT_PUBLIC_URL must start with https://: people type their codes there" -}}
{{- end -}}
{{- if and (include "oc.hasSecret" (list . "SMTP_URL")) (not .Values.settings.MAIL_FROM) -}}
{{- fail "settings.MAIL_FROM is missing: whom mails come from, as SMTP_URL is given" -}}
{{- end -}}
{{- if and .Values.settings.SMS_GATEWAY_URL (not (include "oc.hasSecret" (list . "SMS_GATEWAY_TOKEN"))) -}}
{{- fail "SMS_GATEWAY_TOKEN is missing in secrets.settings, as settings.SMS_GATEWAY_URL is given" -}}
{{- end -}}
{{- end }}

{{/* Server-side apply refuses a list with the same name twice, in words that nobody understands. */}}
{{- define "oc.checkLists" -}}
{{- $given := concat (include "oc.secretNames" . | fromJsonArray) (keys .Values.settings) (list "DATABASE_URL" "PORT" "METRICS_PORT" "PGSSLMODE" "PGSSLROOTCERT") -}}
{{- range .Values.extraEnv -}}
{{- if has .name $given -}}
{{- fail (printf "extraEnv: %s is set by the chart; use settings, secrets or postgresql, or name it once" .name) -}}
{{- end -}}
{{- $given = append $given .name -}}
{{- end -}}
{{- $volumes := list "database-authority" -}}
{{- range .Values.extraVolumes -}}
{{- if has .name $volumes -}}
{{- fail (printf "extraVolumes: there are two volumes with the name %s" .name) -}}
{{- end -}}
{{- $volumes = append $volumes .name -}}
{{- end -}}
{{- $secrets := include "oc.secretNames" . | fromJsonArray -}}
{{- range keys .Values.settings -}}
{{- if has . $secrets -}}
{{- fail (printf "settings: %s is a secret, and would stand in a ConfigMap for everybody to read; put it into the Secret" .) -}}
{{- end -}}
{{- end -}}
{{- if eq (include "oc.portOf" .Values.role) (toString .Values.metrics.port) -}}
{{- fail (printf "metrics.port: the role itself listens on %v" .Values.metrics.port) -}}
{{- end -}}
{{- if and .Values.autoscaling.enabled (lt (.Values.autoscaling.maxReplicas | int) (.Values.autoscaling.minReplicas | int)) -}}
{{- fail "autoscaling.maxReplicas must not be smaller than autoscaling.minReplicas" -}}
{{- end -}}
{{- end }}

{{- define "oc.checkDatabase" -}}
{{- if and (eq .Values.postgresql.tls.mode "verify-ca") (not (include "oc.databaseAuthority" .)) -}}
{{- fail "postgresql.tls.caSecret is missing: whose certificates verify-ca believes" -}}
{{- end -}}
{{- $cnpg := .Values.postgresql.cnpg -}}
{{- if eq .Values.postgresql.mode "cnpg" -}}
{{- if and (or $cnpg.backups.enabled $cnpg.recovery.enabled) (not $cnpg.backups.destinationPath) -}}
{{- fail "postgresql.cnpg.backups.destinationPath is missing: where backups are kept, such as s3://bucket/folder" -}}
{{- end -}}
{{- $own := $cnpg.backups.serverName | default (include "oc.databaseName" .) -}}
{{- if and $cnpg.recovery.enabled (not $cnpg.recovery.serverName) -}}
{{- fail "postgresql.cnpg.recovery.serverName is missing: the name under which the lost Cluster kept its backups" -}}
{{- end -}}
{{- if and $cnpg.recovery.enabled $cnpg.backups.enabled (eq $cnpg.recovery.serverName $own) -}}
{{- fail (printf "postgresql.cnpg.backups.serverName: a recovered Cluster must not write over what it was recovered from, %s; give it another name" $own) -}}
{{- end -}}
{{- if gt (len (include "oc.databaseName" .)) 50 -}}
{{- fail "postgresql.cnpg.name: CloudNativePG allows at most 50 characters" -}}
{{- end -}}
{{- end -}}
{{- end }}
