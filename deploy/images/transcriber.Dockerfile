# The transcriber with its offline engine, pocketsphinx.
FROM common-build AS build
COPY services/transcriber services/transcriber
RUN uv pip install --no-build-isolation --constraint /locks/platform.txt ./libs/common ./libs/subtitles "./services/transcriber[pocketsphinx]"

FROM common-runtime
USER root
RUN apt-get update \
    && apt-get install -y --no-install-recommends ffmpeg \
    && rm -rf /var/lib/apt/lists/*
USER 10001:10001
COPY --from=build /opt/octavia /opt/octavia
ENTRYPOINT ["octavia-transcriber"]
