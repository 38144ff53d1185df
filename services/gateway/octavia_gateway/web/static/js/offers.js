// What can be made of a file: kinds of jobs, their languages, and how much of it is worked on.

export const PREVIEW_SECONDS = 60;

/** Whether jobs of this kind are only read, and never spoken. */
export function written(kind) {
  return kind === "subtitles" || kind === "subtitle_translate";
}

/** The kind of job that is made of a file, where `make` is "dub" or "subtitles". Sound alone comes back as
 *  sound alone, a subtitle file as one. */
export function kindOf(fileType, make) {
  if (fileType === "subtitle") return "subtitle_translate";
  if (make === "subtitles") return "subtitles";
  return fileType === "audio" ? "audio_translate" : "video_translate";
}

/** Targets by source language, as the server says it for a kind; what has no bounds has every language that
 *  is known here. */
export function pairsOf(can, kind) {
  const listed = { subtitles: can.subtitles, subtitle_translate: can.subtitle_translations }[kind] ?? can.sources;
  const lists = [...can.sources, ...can.subtitles, ...can.subtitle_translations];
  const every = [...new Set(lists.flatMap((one) => [one.language, ...one.targets]))].filter((tag) => tag !== "auto");
  const bounded = listed.length || !written(kind) ? listed : every.map((language) => ({ language, targets: every }));
  return new Map(bounded.filter((one) => one.language !== "auto").map((one) => [one.language, one.targets.length || !written(kind) ? one.targets : every]));
}

/** Languages that all of these kinds know, as sources. */
export function sourcesOf(can, kinds) {
  return common(kinds.map((kind) => [...pairsOf(can, kind).keys()]));
}

/** Languages that all of these kinds can be made in; `source` may be "auto". */
export function targetsOf(can, kinds, source) {
  return common(kinds.map((kind) => {
    const pairs = pairsOf(can, kind);
    return source === "auto" ? [...new Set([...pairs.values()].flat())] : pairs.get(source) ?? [];
  }));
}

function common([first, ...others]) {
  return first.filter((tag) => others.every((list) => list.includes(tag)));
}

/** Seconds of a file that are worked on and paid for. */
export function workedSeconds(seconds, preview) {
  return preview ? Math.min(seconds, PREVIEW_SECONDS) : seconds;
}
