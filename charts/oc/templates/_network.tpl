{{/* Rules of who reaches whom. */}}

{{- define "oc.namespacePeer" -}}
namespaceSelector:
  matchLabels:
    kubernetes.io/metadata.name: {{ . }}
{{- end }}

{{/* A rule that lets one TCP port be reached, at some peers or anywhere: (list peers port). */}}
{{- define "oc.egressTo" -}}
- ports:
    - port: {{ index . 1 }}
      protocol: TCP
  {{- with index . 0 }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{/* Who may ask the role. Where there is nobody, there must be no rule: one without peers lets in everybody. */}}
{{- define "oc.ingressPeers" -}}
{{- range .Values.networkPolicy.gatewayNamespaces }}
- {{- include "oc.namespacePeer" . | nindent 2 }}
{{- end }}
{{- if eq .Values.role "client" }}
{{- range .Values.networkPolicy.providerNamespaces }}
- {{- include "oc.namespacePeer" . | nindent 2 }}
  podSelector:
    matchLabels:
      app.kubernetes.io/name: oc
{{- end }}
{{- end }}
{{- if .Values.tests.enabled }}
- podSelector:
    matchLabels:
      {{- include "oc.instanceLabels" . | nindent 6 }}
      app.kubernetes.io/component: test
{{- end }}
{{- end }}

{{- define "oc.ingressRules" -}}
{{- with include "oc.ingressPeers" . | trim }}
- ports:
    - port: {{ include "oc.portOf" $.Values.role }}
      protocol: TCP
  from:
    {{- . | nindent 4 }}
{{- end }}
{{- if .Values.metrics.enabled }}
- ports:
    - port: {{ .Values.metrics.port }}
      protocol: TCP
  from:
    - {{- include "oc.namespacePeer" .Values.networkPolicy.monitoringNamespace | nindent 6 }}
{{- end }}
{{- with .Values.networkPolicy.extraIngress }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "oc.egressDns" -}}
- ports:
    - port: 53
      protocol: UDP
    - port: 53
      protocol: TCP
  to:
    {{- toYaml .Values.networkPolicy.dns | nindent 4 }}
{{- end }}

{{- define "oc.egressDatabase" -}}
{{- if eq .Values.postgresql.mode "cnpg" -}}
- ports:
    - port: 5432
      protocol: TCP
  to:
    - podSelector:
        matchLabels:
          cnpg.io/cluster: {{ include "oc.databaseName" . }}
{{- else -}}
{{ include "oc.egressTo" (list .Values.networkPolicy.database .Values.networkPolicy.databasePort) }}
{{- end -}}
{{- end }}

{{/* The way to a URL: to the pods of the role behind a Service of the cluster, else to its port: (list url role). */}}
{{- define "oc.egressUrl" -}}
{{- with include "oc.namespaceOf" (index . 0) -}}
- ports:
    - port: {{ include "oc.portOf" (index $ 1) }}
      protocol: TCP
  to:
    - {{- include "oc.namespacePeer" . | nindent 6 }}
      podSelector:
        matchLabels:
          app.kubernetes.io/name: oc
          app.kubernetes.io/component: {{ index $ 1 }}
{{- else -}}
{{ include "oc.egressTo" (list list (include "oc.urlPort" (index . 0))) }}
{{- end -}}
{{- end }}

{{/* What the role reaches because its settings say so. */}}
{{- define "oc.egressSettings" -}}
{{- $policy := .Values.networkPolicy -}}
{{- $settings := .Values.settings -}}
{{- if eq .Values.role "provider" }}
{{ include "oc.egressUrl" (list ($settings.CLIENT_BASE_URL | default "") "client") }}
{{- if $policy.webhooks }}
- ports:
    - port: 443
      protocol: TCP
  to:
    - ipBlock:
        cidr: 0.0.0.0/0
        except: [10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, 172.16.0.0/12, 192.168.0.0/16]
    - ipBlock:
        cidr: ::/0
        except: ["fc00::/7", "fe80::/10"]
{{- end }}
{{- if $settings.OIDC_CLIENT_ID }}
{{ include "oc.egressTo" (list list (include "oc.urlPort" ($settings.JWT_ISSUER | default ""))) }}
{{- end }}
{{- end }}
{{- with $settings.JWT_JWKS_URL }}
{{ include "oc.egressTo" (list list (include "oc.urlPort" .)) }}
{{- end }}
{{- if include "oc.hasSecret" (list . "REDIS_URL") }}
{{ include "oc.egressTo" (list $policy.redis $policy.redisPort) }}
{{- end }}
{{- if eq .Values.role "client" }}
{{- if include "oc.hasSecret" (list . "SMTP_URL") }}
{{- range $policy.mailPorts }}
{{ include "oc.egressTo" (list list .) }}
{{- end }}
{{- end }}
{{- with $settings.SMS_GATEWAY_URL }}
{{ include "oc.egressTo" (list list (include "oc.urlPort" .)) }}
{{- end }}
{{- end }}
{{- with $settings.OTEL_EXPORTER_OTLP_ENDPOINT }}
{{ include "oc.egressTo" (list (list (include "oc.namespacePeer" $policy.monitoringNamespace | fromYaml)) (include "oc.urlPort" .)) }}
{{- end }}
{{- end }}
