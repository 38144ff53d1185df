# The transcriber with its production engine, faster-whisper. LOCK is engine-faster-whisper (CPU)
# or, where there is one, its CUDA variant; CUDA's libraries come from PyPI, the driver from the node.
FROM common-build AS build
ARG LOCK=engine-faster-whisper
RUN uv pip install --require-hashes -r /locks/${LOCK}.txt
COPY services/transcriber services/transcriber
RUN uv pip install --no-deps --no-build-isolation ./libs/common ./libs/subtitles ./services/transcriber
# The dynamic loader does not know the folders that NVIDIA's packages put their libraries into.
RUN find /opt/octavia -path '*/nvidia/*/lib' -type d > /opt/octavia/nvidia.conf

FROM common-runtime
USER root
RUN apt-get update \
    && apt-get install -y --no-install-recommends ffmpeg \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/octavia /opt/octavia
RUN cp /opt/octavia/nvidia.conf /etc/ld.so.conf.d/octavia-nvidia.conf && ldconfig
USER 10001:10001
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility TRANSCRIBER_ENGINE=faster-whisper HF_HUB_OFFLINE=1
ENTRYPOINT ["octavia-transcriber"]
