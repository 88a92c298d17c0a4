import { useEffect, useState } from "react";
import { load } from "torchtab";

/** Loads a model: `{ model }` when it is there, `{ progress }` before, `{ error }` instead. Options are read once. */
export function useModel(source, options) {
  const [state, setState] = useState({});
  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    const loading = load(source, { ...options, signal, onProgress: (progress) => setState({ progress }) });
    loading.then(
      (model) => signal.aborted || setState({ model }),
      (error) => signal.aborted || setState({ error }),
    );
    return () => {
      controller.abort();
      loading.then((model) => model.dispose(), () => {});
    };
  }, [source]);
  return state;
}
