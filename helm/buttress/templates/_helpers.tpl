{{- define "buttress.fullname" -}}
{{- $name := ternary .Release.Name (printf "%s-%s" .Release.Name .Chart.Name) (contains .Chart.Name .Release.Name) -}}
{{- /* Leaves room for the names of pools and studies. */ -}}
{{- $name | trunc 30 | trimSuffix "-" -}}
{{- end }}

{{- define "buttress.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "buttress.podLabels" -}}
{{ include "buttress.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end }}

{{- define "buttress.labels" -}}
{{ include "buttress.podLabels" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "buttress.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (ternary (include "buttress.fullname" .) "default" .Values.serviceAccount.create) -}}
{{- end }}

{{- /* image and imagePullPolicy of a container; the argument is (list $ OVERRIDES) */ -}}
{{- define "buttress.image" -}}
{{- $root := index . 0 -}}
{{- $image := mergeOverwrite (deepCopy $root.Values.image) (index . 1) -}}
image: {{ printf "%s:%s" $image.repository ($image.tag | default $root.Chart.AppVersion) | quote }}
imagePullPolicy: {{ $image.pullPolicy }}
{{- end }}

{{- define "buttress.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "buttress.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{- /* The environment that workers share. */ -}}
{{- define "buttress.config" -}}
TEMPORAL_ADDRESS: {{ .Values.temporal.address | quote }}
TEMPORAL_NAMESPACE: {{ .Values.temporal.namespace | quote }}
{{- with .Values.temporal.tls }}
TEMPORAL_TLS: {{ .enabled | quote }}
{{- if .enabled }}
{{- with .serverName }}
TEMPORAL_TLS_SERVER_NAME: {{ . | quote }}
{{- end }}
{{- if .caSecret }}
TEMPORAL_TLS_SERVER_CA_CERT_PATH: /etc/buttress/certificates/temporal/ca.crt
{{- end }}
{{- if .clientSecret }}
TEMPORAL_TLS_CLIENT_CERT_PATH: /etc/buttress/certificates/temporal/tls.crt
TEMPORAL_TLS_CLIENT_KEY_PATH: /etc/buttress/certificates/temporal/tls.key
{{- end }}
{{- end }}
{{- end }}
MLFLOW_TRACKING_URI: {{ .Values.mlflow.trackingUri | quote }}
{{- if .Values.mlflow.caSecret }}
MLFLOW_TRACKING_SERVER_CERT_PATH: /etc/buttress/certificates/mlflow/ca.crt
{{- end }}
AWS_ENDPOINT_URL_S3: {{ .Values.s3.endpoint | quote }}
AWS_REGION: {{ .Values.s3.region | quote }}
{{- if .Values.s3.caSecret }}
AWS_CA_BUNDLE: /etc/buttress/certificates/s3/ca.crt
{{- end }}
BUTTRESS_BUCKET: {{ .Values.s3.bucket | quote }}
{{- with .Values.s3.sourceBuckets }}
BUTTRESS_S3_BUCKETS: {{ join "," . | quote }}
{{- end }}
{{- with .Values.files.roots }}
BUTTRESS_FILE_ROOTS: {{ join ":" . | quote }}
{{- end }}
{{- with .Values.temporal.ui }}
BUTTRESS_TEMPORAL_UI: {{ . | quote }}
{{- end }}
HF_ENDPOINT: {{ .Values.hub.endpoint | quote }}
{{- if .Values.hub.offline }}
HF_HUB_OFFLINE: "1"
{{- end }}
# All that is written is below one mount: the root file system is read-only.
BUTTRESS_HOME: /var/lib/buttress
HF_HOME: /var/lib/buttress/huggingface
{{- end }}

{{- /* Start pods anew when settings change: they are read once. */ -}}
{{- define "buttress.checksums" -}}
checksum/config: {{ include "buttress.config" . | sha256sum }}
checksum/secrets: {{ .Values.secrets | toJson | sha256sum }}
{{- end }}

{{- define "buttress.envFrom" -}}
- configMapRef:
    name: {{ include "buttress.fullname" . }}
{{- end }}

{{- define "buttress.secretEnv" -}}
{{- range $name, $source := .Values.secrets -}}
- name: {{ $name }}_FILE
  value: /etc/buttress/secrets/{{ $name }}
{{ end }}
{{- end }}

{{- define "buttress.mounts" -}}
- name: home
  mountPath: /var/lib/buttress
- name: tmp
  mountPath: /tmp
- name: secrets
  mountPath: /etc/buttress/secrets
  readOnly: true
{{- if include "buttress.certificates" . | trim }}
- name: certificates
  mountPath: /etc/buttress/certificates
  readOnly: true
{{- end }}
{{- end }}

{{- /* Volumes but home. */ -}}
{{- define "buttress.volumes" -}}
- name: tmp
  emptyDir:
    sizeLimit: 2Gi
- name: secrets
  projected:
    defaultMode: 0440
    sources:
      {{- range $name, $source := .Values.secrets }}
      - secret:
          name: {{ $source.secret | default (include "buttress.ownSecret" $) }}
          items: [{key: {{ $source.key | default $name }}, path: {{ $name }}}]
      {{- else }}
      []
      {{- end }}
{{- with include "buttress.certificates" . | trim }}
- name: certificates
  projected:
    defaultMode: 0440
    sources:
      {{- . | nindent 6 }}
{{- end }}
{{- end }}

{{- define "buttress.certificates" -}}
{{- $tls := .Values.temporal.tls }}
{{- $authorities := dict "s3" .Values.s3.caSecret "mlflow" .Values.mlflow.caSecret "temporal" (ternary $tls.caSecret "" $tls.enabled) }}
{{- range $service, $secret := $authorities }}
{{- with $secret }}
- secret:
    name: {{ . }}
    items: [{key: ca.crt, path: {{ $service }}/ca.crt}]
{{- end }}
{{- end }}
{{- if and $tls.enabled $tls.clientSecret }}
- secret:
    name: {{ $tls.clientSecret }}
    items: [{key: tls.crt, path: temporal/tls.crt}, {key: tls.key, path: temporal/tls.key}]
{{- end }}
{{- end }}

{{- /* The Secret that the chart makes of values. */ -}}
{{- define "buttress.ownSecret" -}}
{{ include "buttress.fullname" . }}-secrets
{{- end }}

{{- define "buttress.autoscales" -}}
{{- range .Values.pools -}}
{{- if (mergeOverwrite (deepCopy $.Values.poolDefaults) .).autoscaling -}}
true
{{- end -}}
{{- end -}}
{{- end }}
