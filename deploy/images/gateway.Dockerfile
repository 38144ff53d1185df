# The gateway: the HTTP API; ffprobe looks at uploads.
FROM common-build AS build
COPY services/gateway services/gateway
RUN uv pip install --no-build-isolation --constraint /locks/platform.txt ./libs/common ./libs/subtitles "./services/gateway"

FROM common-runtime
USER root
RUN apt-get update \
    && apt-get install -y --no-install-recommends ffmpeg \
    && rm -rf /var/lib/apt/lists/*
USER 10001:10001
COPY --from=build /opt/octavia /opt/octavia
EXPOSE 8080
ENV GATEWAY_HOST=0.0.0.0
ENTRYPOINT ["octavia-gateway"]
