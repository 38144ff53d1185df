# The assembler: ffmpeg, and fonts of every script for burnt-in subtitles.
FROM common-build AS build
COPY services/assembler services/assembler
RUN uv pip install --no-build-isolation --constraint /locks/platform.txt ./libs/common ./libs/subtitles "./services/assembler"

FROM common-runtime
USER root
RUN apt-get update \
    && apt-get install -y --no-install-recommends ffmpeg fonts-noto-core fonts-noto-cjk \
    && rm -rf /var/lib/apt/lists/*
USER 10001:10001
COPY --from=build /opt/octavia /opt/octavia
ENTRYPOINT ["octavia-assembler"]
