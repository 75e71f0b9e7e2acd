"""What is known of the releases."""

import numpy as np
import pytest

from segclr.errors import ReleaseError
from segclr.release.registry import RELEASES, release_named


def test_names_and_addresses_are_each_one_release():
    assert len({release.name for release in RELEASES}) == len(RELEASES)
    assert len({release.url for release in RELEASES}) == len(RELEASES)
    for release in RELEASES:
        assert release_named(release.name) is release
        assert release_named(release.url) is release
        assert release_named(release.url + "/") is release


def test_a_release_is_found_by_its_https_address_too():
    url = "https://storage.googleapis.com/iarpa_microns/minnie/minnie65/embeddings_m343/segclr_csvzips/"
    assert release_named(url).name == "microns_v343"


def test_a_shard_has_the_address_that_googles_reader_would_open():
    assert release_named("h01").shard_url(4378) == (
        "https://storage.googleapis.com/h01-release/data/20220326/c3/embeddings/segclr_csvzips/4378.zip"
    )


def test_a_copy_is_laid_out_as_the_release_that_it_names():
    copy = release_named("http://localhost:8080/mirror/#microns_v943")
    assert copy.shard_url(17) == "http://localhost:8080/mirror/17.zip"
    assert (copy.shards, copy.hash_bytes, copy.dimensions) == (50_000, 8, 128)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("microns_v344", "known are h01, "),
        ("https://example.org/segclr_csvzips", "add the name of the one that it is like"),
        ("https://example.org/x#minnie", "'minnie', but known are"),
        ("ftp://example.org/x#h01", "must begin with https"),
        ("https://example.org/x?y=1#h01", "must begin with https"),
        ("", "there is no release ''"),
    ],
)
def test_what_nobody_knows_is_said(text, says):
    with pytest.raises(ReleaseError, match=says):
        release_named(text)


def test_voxels_of_the_internal_frame_become_nm_of_the_public_one():
    voxels = np.array([[0.0, 0.0, 0.0], [3456.0, 3457.0, 14.5]])
    expected = [[110_592.0, 110_592.0, 592_640.0], [221_184.0, 221_216.0, 593_220.0]]
    assert release_named("microns_v343").to_nm(voxels).tolist() == expected
    # 13824, 13824, 14816 voxels of 8 x 8 x 40 nm, as the bucket's README has it
    assert (np.array(expected[0]) / (8, 8, 40)).tolist() == [13_824, 13_824, 14_816]


def test_human_voxels_are_33_nm_deep_and_nm_stay_as_they_are():
    places = np.array([[10.0, 20.0, 30.0]])
    assert release_named("h01").to_nm(places).tolist() == [[320.0, 640.0, 990.0]]
    for name in ("h01_nm_coord", "microns_nm_coord_public_offset_v343", "microns_v943"):
        assert release_named(name).to_nm(places).tolist() == places.tolist()


def test_the_view_of_the_matching_encoder_is_known():
    for release in RELEASES:
        z_nm = 33.0 if release.name.startswith("h01") else 40.0
        view = release.encoder.cutout
        assert (view.size, view.resolution_nm, view.content) == (129, (32.0, 32.0, z_nm), "masked_em")


def test_the_time_of_v343_is_that_of_its_materialisation():
    assert release_named("microns_v343_agg25um").materialised.timestamp() == 1_645_690_200
